import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { createPostgresAnswerStore } from '../../src/adapters/postgres/answer-store.ts';
import { createPostgresExtractionStore } from '../../src/adapters/postgres/extraction-store.ts';
import type { SessionKeyKind } from '../../src/consume/message-store.ts';
import type { ExtractDeps } from '../../src/extract/extract-window.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { ManualTiming } from '../support/extraction.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { tablesWith } from '../support/planted-words.ts';
import {
  closeAll,
  dayMs,
  defaultSettings,
  deleted,
  edited,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  sessionEnd,
  storeRecords,
  type Said,
  type StoreHarness,
} from '../support/store-harness.ts';
import { endGrace, extractAll, words } from './settle-harness.ts';

/** On a real Postgres; more of them with AFTERWORD_TEST_RUNS. */
const numRuns = Number(process.env['AFTERWORD_TEST_RUNS'] ?? '20');
const seed = process.env['AFTERWORD_TEST_SEED'];

const at = (minutes: number): number => dayMs + minutes * minuteMs;
const of = (id: string, minutes: number, where: Partial<Said> = {}): Said => ({
  id,
  atMs: at(minutes),
  ...where,
});
const answered = (minutes: number, content: string): unknown =>
  message({ ...of(`answered ${minutes}`, minutes), role: 'assistant', content });

/** Its clock is two days ahead: drawn back to the record's time, an hour into the day. */
const fromTheFuture = words(2 * 24 * 60, 'I like figs');

/** What nobody may find any more once these have come: words that are planted in what they delete. */
const taken = new Map<unknown, readonly string[]>();

function takesBack(planted: readonly string[], taking: unknown): unknown {
  taken.set(taking, planted);
  return taking;
}

/** In the order in which it was lived; every kind of record that can change what another one meant. */
const lived: readonly unknown[] = [
  words(0, 'I like zibarten'),
  words(5, 'I like cherries'),
  answered(6, 'Cherries are lovely.'),
  words(20, 'I like pears'),
  sessionEnd({ atMs: at(21) }),
  words(22, 'Please call me Annie.'),
  words(30, 'I like rooibos', { channel: 'one', channelType: 'group' }),
  words(30, 'I like milk', { channel: 'two', channelType: 'group' }),
  words(45, 'well'),
  fromTheFuture,
  words(100, 'I live in Lyon'),
  sessionEnd({ atMs: at(101), channel: 'one' }),
  words(140, 'I live in Porto'),
  words(160, 'Please call me Quirina.'),
  // Edits: of one message twice, with a tie; and one that brings another place to live.
  edited({ ...of('at 5', 200), content: 'I like apples' }),
  edited({ ...of('at 5', 201), content: 'I like grapes' }),
  edited({ ...of('at 5', 201), content: 'I like melons' }),
  edited({ ...of('at 140', 202), content: 'I live in Rome' }),
  // Deletes: of one that was edited, one that is edited afterwards, one whose id another channel uses.
  takesBack(['zibarten', 'scuppernong'], deleted(of('at 0', 203))),
  edited({ ...of('at 0', 204), content: 'I like scuppernong' }),
  takesBack(['quirina'], deleted(of('at 160', 205))),
  takesBack(['rooibos'], deleted(of('at 30', 206, { channel: 'one' }))),
  // Changes of what never comes, and of the same id in no channel.
  deleted(of('at 31', 207)),
  edited({ ...of('at 30', 208), content: 'nobody said this' }),
  // Somebody who turns out to be a bot.
  words(0, 'I like chess', { user: 'zed' }),
  words(60, 'I live in Oslo', { user: 'zed' }),
  words(300, 'I like cats', { bot: 'zed' }),
];

type Then = 'nothing' | 'close' | 'extract' | 'rewind';

interface Scenario {
  readonly sessionKey: SessionKeyKind;
  /** Places in `lived`, in the order of their arrival. */
  readonly arrival: readonly number[];
  /** How many records each batch has and what happens after it, in turn. */
  readonly steps: readonly { readonly size: number; readonly then: Then }[];
}

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  sessionKey: fc.constantFrom<SessionKeyKind>('bot,user', 'bot,user,channel'),
  arrival: fc.shuffledSubarray(
    lived.map((_, place) => place),
    { minLength: 10 },
  ),
  steps: fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      then: fc.constantFrom<Then>('nothing', 'close', 'extract', 'extract', 'rewind'),
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

describeWithPostgres('records of a day in any order, on Postgres', () => {
  let harness: StoreHarness;
  let deps: ExtractDeps;

  beforeAll(async () => {
    harness = await openStoreHarness();
    // Without a model: a pure function of what was said, and quick.
    const stages = builtInStages.map((stage) => ({ ...stage, minMessages: Math.min(stage.minMessages, 2) }));
    deps = {
      store: createPostgresExtractionStore(harness.pool),
      owner: 'one',
      forBot: () => ({ stages, model: 'none', ignoresUser: () => false }),
      model: undefined,
      answersFor: (claim, members) => createPostgresAnswerStore(harness.pool, claim, members),
      timing: new ManualTiming(),
      fallbackAfterMs: null,
      onStageFault: (_claim, _stage, error) => {
        throw error;
      },
    };
  });
  afterAll(async () => {
    await harness.close();
  });

  /** Of a window at most four messages, so that a late one moves cuts. */
  const begin = (sessionKey: SessionKeyKind): Promise<number> =>
    harness.begin({ sessionKey, dated: [{ ...defaultSettings, maxMessages: 4 }] });

  async function extractDue(): Promise<void> {
    await closeAll(harness.closing);
    await endGrace(harness);
    await deps.store.reviseWindowsOfBots();
    await extractAll(deps);
  }

  /** What readers see, and what it was made from. */
  async function outcome(): Promise<Readonly<Record<string, unknown>>> {
    const waiting = await harness.rows(
      `select e.status, w.status as window_status from afterword.windows w
       left join afterword.extractions e using (window_id)
       where w.status = 'open' or e.status not in ('done', 'skipped')`,
    );
    expect(waiting).toEqual([]);
    const rows = (sql: string): Promise<unknown[]> => harness.rows(sql);
    return {
      messages: await rows(
        `select identity, sent_at_ms, role, content, deleted, clamped from afterword.messages order by 1`,
      ),
      windows: await rows(
        `select window_id, started_at_ms, ended_at_ms, message_count, channel_id, channel_type
         from afterword.windows where status <> 'superseded' order by 1`,
      ),
      results: await rows(
        `select window_id, stage, result, encode(members_digest, 'hex') as digest, message_count
         from afterword.stage_tasks where status = 'done' and superseded_at is null order by 1, 2`,
      ),
      observations: await rows(
        `select kind, group_key, window_id, occurred_at_ms,
           observation - 'observationId' - 'revision' as observation
         from afterword.observations where superseded_at is null order by 1, 2, 3, 5::text`,
      ),
      facts: await rows(
        `select fact_id, status, superseded_by, fact from afterword.facts
         order by fact ->> 'botId', fact ->> 'userId', fact_id`,
      ),
      preferences: await rows(
        `select preference_id, status, superseded_by, preference from afterword.preferences
         order by preference ->> 'botId', preference ->> 'userId', preference_id`,
      ),
      profiles: await rows(
        `select bot_id, user_id, facts, preferences, summaries, prompt_text
         from afterword.profiles where prompt_text <> '' order by 1, 2`,
      ),
    };
  }

  /** One batch in the order of life, extracted once. */
  async function inOrder({ sessionKey, arrival }: Scenario): Promise<unknown> {
    await begin(sessionKey);
    await storeRecords(harness.store, recordsOf([...arrival].sort((a, b) => a - b)));
    await extractDue();
    return outcome();
  }

  async function asItArrived({ sessionKey, arrival, steps }: Scenario): Promise<unknown> {
    await begin(sessionKey);
    const log = recordsOf(arrival);
    for (let from = 0, turn = 0; from < log.length; turn += 1) {
      const step = steps[turn % steps.length];
      if (step === undefined) throw new Error('a scenario without steps');
      await storeRecords(harness.store, log.slice(from, from + step.size));
      from += step.size;
      if (step.then === 'close') await closeAll(harness.closing);
      if (step.then === 'extract') await extractDue();
      if (step.then === 'rewind') await storeRecords(harness.store, log.slice(0, from));
    }
    await extractDue();
    await expectTaken(arrival);
    await storeRecords(harness.store, log);
    await extractDue();
    await expectTaken(arrival);
    return outcome();
  }

  /** In no table, of any revision, whatever arrived before what. */
  async function expectTaken(arrival: readonly number[]): Promise<void> {
    const planted = arrival.flatMap((place) => taken.get(lived[place]) ?? []);
    expect(await tablesWith(harness, ...planted)).toEqual([]);
  }

  it(
    'end as they would have in the order of life: messages, windows, results, memory and profiles',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenarios, async (scenario) => {
          const expected = await inOrder(scenario);
          expect(await asItArrived(scenario)).toEqual(expected);
        }),
        { numRuns, ...(seed !== undefined && { seed: Number(seed) }) },
      );
    },
    60_000 + 10_000 * numRuns,
  );

  it('are a day from which something is learnt, changed and taken back', async () => {
    const all = { sessionKey: 'bot,user', arrival: lived.map((_, place) => place), steps: [] } as const;
    await inOrder(all);
    const facts = await harness.rows<{ fact: string }>(
      `select concat_ws(' ', bot_id, user_id, entity_name, status) as fact
       from afterword.facts join afterword.user_keys using (key_id) order by lower(entity_name)`,
    );
    expect(facts.map(({ fact }) => fact)).toEqual([
      'zed ann cats current',
      'aria ann figs current',
      'aria ann grapes current',
      'aria ann Lyon superseded',
      'aria ann milk current',
      'aria ann pears current',
      'aria ann Rome current',
    ]);
    expect(await tablesWith(harness, 'grapes')).toContain('outbox');
    expect(await tablesWith(harness, ...[...taken.values()].flat())).toEqual([]);
    const [clamped] = await harness.rows('select sent_at_ms::text from afterword.messages where clamped');
    expect(clamped).toEqual({ sent_at_ms: String(at(60)) });
  });
});

function recordsOf(places: readonly number[]): LogRecord[] {
  return places.map((place, index) => {
    const value = lived[place];
    const timestamp = value === fromTheFuture ? { timestampMs: at(60) } : {};
    const [record] = logOf([value], { firstOffset: index, ...timestamp });
    if (record === undefined) throw new Error('a value without a record');
    return record;
  });
}
