import type pg from 'pg';
import { renderFactSentence } from '../memory/render-fact-sentence.ts';
import type { FoldedFact, FoldedPreference } from '../model/memory.ts';
import type { CloseReason } from '../model/session-window.ts';
import type { Output } from './command-context.ts';

export interface DemoWindow {
  readonly windowId: string;
  readonly revision: number;
  readonly botId: string;
  readonly userId: string;
  readonly status: 'working' | 'settled';
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  readonly closeReason: CloseReason;
  readonly facts: number;
}

interface DemoState {
  readonly windows: readonly DemoWindow[];
  /** Windows open, or closed with work left. */
  readonly unsettled: number;
  /** Records whose place is durable. */
  readonly recordsEnded: number;
}

export async function readDemoState(pool: pg.Pool): Promise<DemoState> {
  const windows = await pool.query<{
    window_id: string;
    revision: number;
    bot_id: string;
    user_id: string;
    started_at_ms: string;
    ended_at_ms: string;
    message_count: number;
    close_reason: CloseReason;
    settled: boolean;
    facts: number;
  }>(
    `select w.window_id, w.revision, k.bot_id, k.user_id, w.started_at_ms, w.ended_at_ms, w.message_count,
       w.close_reason, e.status in ('done', 'skipped', 'failed') as settled,
       coalesce((select jsonb_array_length(t.result -> 'facts') from afterword.stage_tasks t
         where t.window_id = w.window_id and t.stage = 'facts' and t.status = 'done'
           and t.superseded_at is null), 0) as facts
     from afterword.windows w
     join afterword.user_keys k using (key_id)
     join afterword.extractions e using (window_id)
     where w.status = 'closed' order by w.ended_at_ms`,
  );
  const counts = await pool.query<{ unsettled: string; ended: string }>(
    `select (select count(*) from afterword.windows where status = 'open')
       + (select count(*) from afterword.extractions where status not in ('done', 'skipped', 'failed')) as unsettled,
       (select coalesce(sum(next_offset), 0) from afterword.partition_progress) as ended`,
  );
  return {
    windows: windows.rows.map((row) => ({
      windowId: row.window_id,
      revision: row.revision,
      botId: row.bot_id,
      userId: row.user_id,
      status: row.settled ? 'settled' : 'working',
      startedAtMs: Number(row.started_at_ms),
      endedAtMs: Number(row.ended_at_ms),
      messageCount: row.message_count,
      closeReason: row.close_reason,
      facts: row.facts,
    })),
    unsettled: Number(counts.rows[0]?.unsettled ?? 0),
    recordsEnded: Number(counts.rows[0]?.ended ?? 0),
  };
}

export function showWindow(window: DemoWindow): string {
  const who = `${window.botId} ↔ ${window.userId}`.padEnd(24);
  const span = `${minute(window.startedAtMs)}–${minute(window.endedAtMs).slice(11)}`;
  const again = window.revision > 1 ? ` (revision ${window.revision})` : '';
  return `  closed (${window.closeReason.padEnd(11)}) ${who} ${span}  ${String(window.messageCount).padStart(2)} messages, ${window.facts} ${window.facts === 1 ? 'fact' : 'facts'}${again}`;
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

/** What was learnt about each person, with the words that carry it. */
export async function reportPeople(pool: pg.Pool, output: Output): Promise<void> {
  const people = await pool.query<{ key_id: string; bot_id: string; user_id: string }>(
    `select k.key_id, k.bot_id, k.user_id from afterword.user_keys k order by k.user_id, k.bot_id`,
  );
  for (const person of people.rows) {
    const facts = await pool.query<{ fact: FoldedFact }>(
      `select fact from afterword.facts where key_id = $1 and status in ('current', 'superseded', 'ended')
       order by status, relation, entity_name`,
      [person.key_id],
    );
    const preferences = await pool.query<{ preference: FoldedPreference }>(
      `select preference from afterword.preferences where key_id = $1 and status = 'current'
       order by preference_key, value`,
      [person.key_id],
    );
    output.out(`\n${person.user_id}, as ${person.bot_id} knows them`);
    for (const { fact } of facts.rows) output.out(`  ${statement(fact)}\n      ${quoteOf(fact)}`);
    for (const { preference } of preferences.rows) {
      output.out(
        `  ${preference.key.replaceAll('_', ' ')}: ${preference.value}\n      ${quoteOf(preference)}`,
      );
    }
    if (facts.rows.length + preferences.rows.length === 0)
      output.out('  nothing that their own words support');
  }
}

function statement(fact: FoldedFact): string {
  const replaced = fact.status === 'superseded' ? '  [since replaced]' : '';
  return `${renderFactSentence(fact)}${replaced}`;
}

/** The newest words that carry it; an answer comes with the question that it answers. */
function quoteOf({ evidence }: Pick<FoldedFact, 'evidence'>): string {
  const [newest] = evidence;
  if (newest === undefined) return '';
  const together = evidence.filter(({ windowId }) => windowId === newest.windowId).slice(0, 2);
  const quotes = together.map(({ quote }) => `“${quote}”`);
  return `${quotes.join(' ')} — ${newest.messageId}, ${minute(newest.occurredAtMs)}`;
}
