import { expect } from 'vitest';

import { decodeRecord } from '../../src/consume/decode-record.ts';
import type { DecodedRecord } from '../../src/model/decoded-record.ts';
import { contentHash, deadLetterIdentity, windowId } from '../../src/model/identity.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { WindowChannel } from '../../src/model/session-window.ts';
import type { RunSetup, StoreHarness } from '../support/store-harness.ts';
import { naiveWindows, type NaiveSettings } from '../support/naive-windows.ts';

interface Entry {
  readonly record: LogRecord;
  readonly decoded: DecodedRecord;
}

export interface MessageRow {
  readonly identity: string;
  readonly key_id: string;
  readonly bot_id: string;
  readonly user_id: string;
  readonly channel_id: string | null;
  readonly channel_type: string | null;
  readonly role: 'user';
  readonly content: string;
  readonly content_hash: Buffer;
  readonly deleted: boolean;
  readonly sent_at_ms: string;
}

/** Every record of the log ended in exactly one place, and nothing else is there (promise P2). */
export async function expectEveryRecordInItsPlace(
  harness: StoreHarness,
  log: readonly (readonly LogRecord[])[],
): Promise<void> {
  const entries = log.flat().map((record) => ({ record, decoded: decodeRecord(record) }));
  const stored = await readMessages(harness);
  const conflicts = await expectMessages(harness, entries, stored);
  expectTexts(entries, stored);
  await expectIdentities(harness, 'message_changes', identitiesOf(entries, 'change'));
  await expectIdentities(harness, 'session_ends', identitiesOf(entries, 'session-end'));
  await expectDeadLetters(harness, entries, conflicts);
  await expectIgnored(harness, entries);
  await expectPositions(harness, log);
}

export function readMessages(harness: StoreHarness): Promise<MessageRow[]> {
  return harness.rows<MessageRow>(
    `select m.*, k.bot_id, k.user_id from afterword.messages m join afterword.user_keys k using (key_id)
     order by m.sent_at_ms`,
  );
}

function identitiesOf(entries: readonly Entry[], kind: 'message' | 'change' | 'session-end'): string[] {
  const found = entries.flatMap(({ decoded }) => (decoded.kind === kind ? [decoded.identity] : []));
  return [...new Set(found)].sort();
}

/** One row an identity, with one of the texts that were sent under it; returns the records with another. */
async function expectMessages(
  harness: StoreHarness,
  entries: readonly Entry[],
  stored: readonly MessageRow[],
): Promise<LogRecord[]> {
  expect(stored.map((row) => row.identity).sort()).toEqual(identitiesOf(entries, 'message'));
  const [installation] = await harness.rows<{ content_hash_secret: Buffer }>(
    'select content_hash_secret from afterword.installation',
  );
  if (installation === undefined) throw new Error('no installation');
  const secret = installation.content_hash_secret.toString('hex');
  const hashes = new Map(stored.map((row) => [row.identity, row.content_hash.toString('hex')]));
  const conflicts: LogRecord[] = [];
  const agreed = new Set<string>();
  for (const { record, decoded } of entries) {
    if (decoded.kind !== 'message') continue;
    const hash = contentHash(secret, decoded.role, decoded.content);
    if (hash === hashes.get(decoded.identity)) agreed.add(decoded.identity);
    else conflicts.push(record);
  }
  expect(agreed.size).toBe(stored.length);
  return conflicts;
}

/** The newest change wins, ties by identity; a delete is final. */
function expectTexts(entries: readonly Entry[], stored: readonly MessageRow[]): void {
  const changes = entries.flatMap(({ decoded }) => (decoded.kind === 'change' ? [decoded] : []));
  for (const row of stored) {
    const own = changes.filter((change) => change.target === row.identity);
    expect(row.deleted).toBe(own.some((change) => change.content === null));
    const newest = own
      .filter((change) => change.content !== null)
      .sort((a, b) => Number(a.sentAtMs) - Number(b.sentAtMs) || (a.identity < b.identity ? -1 : 1))
      .at(-1);
    if (row.deleted) expect(row.content).toBe('');
    else if (newest !== undefined) expect(row.content).toBe(newest.content);
    else expect(row.content).toMatch(/^(said|other) m\d+$/);
  }
}

async function expectIdentities(
  harness: StoreHarness,
  table: 'message_changes' | 'session_ends',
  expected: readonly string[],
): Promise<void> {
  const rows = await harness.rows<{ identity: string }>(`select identity from afterword.${table}`);
  expect(rows.map((row) => row.identity).sort()).toEqual(expected);
}

async function expectDeadLetters(
  harness: StoreHarness,
  entries: readonly Entry[],
  conflicts: readonly LogRecord[],
): Promise<void> {
  const expected = [
    ...conflicts.map((record) => [deadLetterIdentity(record), 'conflicting-content']),
    ...entries.flatMap(({ record, decoded }) =>
      decoded.kind === 'dead-letter' ? [[deadLetterIdentity(record), decoded.reason]] : [],
    ),
  ];
  const rows = await harness.rows<{ id: string; reason: string; sent: string }>(
    `select dead_letter_id as id, reason,
       (select count(*) from afterword.outbox o where o.dead_letter_id = d.dead_letter_id) as sent
     from afterword.dead_letters d`,
  );
  expect(rows.map((row) => [row.id, row.reason]).sort()).toEqual(expected.sort());
  // Each goes to its topic once.
  expect(rows.filter((row) => row.sent !== '1')).toEqual([]);
}

async function expectIgnored(harness: StoreHarness, entries: readonly Entry[]): Promise<void> {
  const expected = new Map<string, number>();
  for (const { record, decoded } of entries) {
    if (decoded.kind !== 'ignored') continue;
    const name = `${record.partition} ${decoded.type}`;
    expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  const rows = await harness.rows<{ partition: number; type: string; records: string }>(
    'select partition, type, records from afterword.ignored_records',
  );
  const counted = rows.map((row): [string, number] => [`${row.partition} ${row.type}`, Number(row.records)]);
  expect(counted.sort()).toEqual([...expected].sort());
}

async function expectPositions(harness: StoreHarness, log: readonly (readonly LogRecord[])[]): Promise<void> {
  const expected = log.flatMap((records) => {
    const last = records.at(-1);
    return last === undefined ? [] : [[last.partition, (last.offset + 1n).toString()]];
  });
  const rows = await harness.rows<{ partition: number; next_offset: string }>(
    'select partition, next_offset from afterword.partition_progress order by partition',
  );
  expect(rows.map((row) => [row.partition, row.next_offset])).toEqual(expected);
}

export interface WindowState {
  readonly window_id: string;
  readonly bot_id: string;
  readonly user_id: string;
  readonly session_channel: string | null;
  readonly started_at_ms: string;
  readonly ended_at_ms: string;
  readonly message_count: number;
  readonly channel_id: string | null;
  readonly channel_type: string | null;
  readonly status: 'open' | 'closed' | 'superseded';
  readonly due_reason: string | null;
}

export function readWindows(harness: StoreHarness): Promise<WindowState[]> {
  return harness.rows<WindowState>(
    `select w.*, k.bot_id, k.user_id, c.channel_id as session_channel
     from afterword.windows w
     join afterword.user_keys k using (key_id)
     left join afterword.channel_keys c on c.session_key = w.session_key and c.key_id = w.key_id
     order by k.bot_id, k.user_id, c.channel_id, w.started_at_ms`,
  );
}

/** The live windows are those of the oracle over the stored messages, and named as they must be (promise P7). */
export async function expectWindowsOfOracle(
  harness: StoreHarness,
  runId: number,
  setup: RunSetup,
): Promise<void> {
  const windows = await readWindows(harness);
  const live = windows.filter((window) => window.status !== 'superseded');
  const expected = await oracleWindows(harness, runId, setup);
  expect(live.map(comparable).sort(byText)).toEqual(expected.sort(byText));
  expectEndsKnown(live);
  await expectClosedSpans(harness);
  await expectSuccessors(harness);
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function comparable(window: WindowState) {
  return {
    key: [window.bot_id, window.user_id, window.session_channel],
    startedAtMs: Number(window.started_at_ms),
    endedAtMs: Number(window.ended_at_ms),
    messageCount: window.message_count,
    channelId: window.channel_id,
    channelType: window.channel_type,
    windowId: window.window_id,
  };
}

type ComparableWindow = ReturnType<typeof comparable>;

async function oracleWindows(
  harness: StoreHarness,
  runId: number,
  setup: RunSetup,
): Promise<ComparableWindow[]> {
  const messages = await readMessages(harness);
  const ends = await harness.rows<{ key_id: string; channel_id: string | null; ended_at_ms: string }>(
    'select key_id, channel_id, ended_at_ms from afterword.session_ends',
  );
  const byChannel = setup.sessionKey === 'bot,user,channel';
  return sessionsOf(messages, byChannel).flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const own = ends.filter(
      (end) =>
        end.key_id === first.key_id &&
        (!byChannel || end.channel_id === null || end.channel_id === first.channel_id),
    );
    const cut = naiveWindows(
      members.map((row) => ({ identity: row.identity, sentAtMs: Number(row.sent_at_ms) })),
      own.map((end) => ({ endedAtMs: Number(end.ended_at_ms) })),
      settingsOf(setup, first.bot_id),
    );
    const channel = byChannel ? (first.channel_id ?? '') : null;
    return cut.map((window) => ({
      key: [first.bot_id, first.user_id, channel],
      startedAtMs: window.startedAtMs,
      endedAtMs: window.endedAtMs,
      messageCount: window.identities.length,
      ...channelOf(members.filter((row) => window.identities.includes(row.identity))),
      windowId: windowId(
        runId,
        { botId: first.bot_id, userId: first.user_id, channelId: channel },
        window.startedAtMs,
      ),
    }));
  });
}

function sessionsOf(messages: readonly MessageRow[], byChannel: boolean): MessageRow[][] {
  const sessions = new Map<string, MessageRow[]>();
  for (const row of messages) {
    const name = `${row.key_id} ${byChannel ? (row.channel_id ?? '') : ''}`;
    sessions.set(name, [...(sessions.get(name) ?? []), row]);
  }
  return [...sessions.values()];
}

function settingsOf(setup: RunSetup, botId: string): (atMs: number) => NaiveSettings {
  const dated = setup.bots?.[botId] ?? setup.dated ?? [];
  return (atMs) => {
    const inForce = dated.findLast((entry) => entry.effectiveFromMs <= atMs) ?? dated[0];
    if (inForce === undefined) throw new Error('no settings');
    return inForce;
  };
}

/** What all members have in common; the type only where the channel is common too. */
function channelOf(members: readonly MessageRow[]): WindowChannel {
  const ids = new Set(members.map((row) => row.channel_id));
  const types = new Set(members.map((row) => row.channel_type));
  const channelId = ids.size === 1 ? ([...ids][0] ?? null) : null;
  return { channelId, channelType: ids.size === 1 && types.size === 1 ? ([...types][0] ?? null) : null };
}

/** A window that is followed by another one of its key closes by itself: nobody would look at it again. */
function expectEndsKnown(live: readonly WindowState[]): void {
  const undecided = live.filter((window) => window.status === 'open' && window.due_reason === null);
  const followed = undecided.filter((window) =>
    live.some(
      (other) =>
        other.bot_id === window.bot_id &&
        other.user_id === window.user_id &&
        other.session_channel === window.session_channel &&
        Number(other.started_at_ms) > Number(window.started_at_ms),
    ),
  );
  expect(followed).toEqual([]);
}

/** `closed_windows` holds exactly the spans of the closed windows. */
async function expectClosedSpans(harness: StoreHarness): Promise<void> {
  const spans = await harness.rows(
    `select window_id, run_id, session_key, lower(span) as from_ms, upper(span) - 1 as to_ms
     from afterword.closed_windows order by window_id`,
  );
  const closed = await harness.rows(
    `select window_id, run_id, session_key, started_at_ms as from_ms, ended_at_ms as to_ms
     from afterword.windows where status = 'closed' order by window_id`,
  );
  expect(spans).toEqual(closed);
}

/** Each superseded window names successors, and each closed one has its work. */
async function expectSuccessors(harness: StoreHarness): Promise<void> {
  const lost = await harness.rows(
    `select w.window_id from afterword.windows w
     where (w.status = 'superseded' and (cardinality(w.superseded_by) = 0 or exists (
       select 1 from unnest(w.superseded_by) as t (id)
       where not exists (select 1 from afterword.windows o where o.window_id = t.id))))
     or (w.status = 'closed' and not exists (
       select 1 from afterword.extractions e where e.window_id = w.window_id))`,
  );
  expect(lost).toEqual([]);
}
