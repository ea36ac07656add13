import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { until } from '../support/until.ts';
import { createPostgresExtractionStore } from '../../src/adapters/postgres/extraction-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import { extractWindow, type ExtractDeps } from '../../src/extract/extract-window.ts';
import { CrashingPool, crashPoints, type CrashPoint } from '../adapters/postgres/crashing-pool.ts';
import { dumpState } from '../adapters/postgres/dump-state.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import {
  closeAll,
  logOf,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';
import {
  claimOne,
  currentFacts,
  endGrace,
  eventTypes,
  extractAll,
  extractDeps,
  likesOf,
  storeValues,
  words,
  work,
} from './settle-harness.ts';

/** Bots are aria and, once it has said or heard a word under its own bot_id, zed. On a real Postgres. */
let harness: StoreHarness;
let server: AnthropicServer;
beforeAll(async () => {
  [harness, server] = await Promise.all([openStoreHarness(), AnthropicServer.start()]);
});
afterAll(async () => {
  await Promise.all([harness.close(), server.close()]);
});
beforeEach(async () => {
  await begin();
});
afterEach(() => {
  expect(server.refusals).toEqual([]);
});

async function begin(): Promise<void> {
  await harness.begin();
  server.reset();
  server.byDefault = replies.answer(likesOf);
}

const deps = (owner = 'one', whileThinking?: () => Promise<void>): ExtractDeps =>
  extractDeps(harness.pool, server, owner, whileThinking);

const ignoring = (pattern: RegExp): ExtractDeps => ({
  ...deps(),
  forBot: (botId) => ({ ...deps().forBot(botId), ignoresUser: (userId) => pattern.test(userId) }),
});

const never = new AbortController().signal;

/** What zed says to aria, whom it takes for a person. */
const fromZed = (minutes: number, content: string): unknown => words(minutes, content, { user: 'zed' });

/** The first key of the bot zed. */
const zedAppears = (user = 'ann', minutes = 500): unknown =>
  words(minutes, 'I like figs', { bot: 'zed', user });

/** A window is closed by the clock, without a grace. */
async function learn(value: unknown, by: ExtractDeps = deps()): Promise<void> {
  await storeValues(harness, value);
  await closeAll(harness.closing);
  await extractAll(by);
}

/** Two conversations of zed, learnt from. */
async function learnFromZed(): Promise<void> {
  await learn(fromZed(0, 'I like plums'));
  await learn(fromZed(100, 'I like cherries'));
  expect(await currentFacts(harness)).toEqual(['cherries', 'plums']);
}

async function expectZedForgotten(): Promise<void> {
  expect(await currentFacts(harness, 'zed')).toEqual([]);
  const [profile] = await harness.rows<{ facts: unknown; text: string }>(
    `select facts::text || preferences::text || summaries::text as facts, prompt_text as text
     from afterword.profiles where user_id = 'zed'`,
  );
  expect(`${String(profile?.facts)} ${String(profile?.text)}`).not.toMatch(/plums|cherries/i);
  const left = await harness.rows(
    `select 1 from afterword.stage_tasks join afterword.user_keys using (key_id)
     where user_id = 'zed' and superseded_at is null and status <> 'skipped'`,
  );
  expect(left).toEqual([]);
}

describe('bots that talk to each other', () => {
  it('are stored and cut like anybody, and never become memory', async () => {
    const both = [0, 1, 2, 3].map((minute) =>
      words(minute, 'I like plums', minute % 2 === 0 ? { user: 'zed' } : { bot: 'zed', user: 'aria' }),
    );
    await storeValues(harness, ...both);
    await closeAll(harness.closing);
    await extractAll(deps());
    const reasons = await harness.rows('select status, reason from afterword.stage_tasks');
    expect(reasons).toEqual(Array(2).fill({ status: 'skipped', reason: 'user-is-a-bot' }));
    expect(await harness.rows('select 1 from afterword.messages')).toHaveLength(4);
    expect(await work(harness)).toMatchObject(Array(2).fill({ status: 'skipped', revision: 1 }));
    expect(await currentFacts(harness)).toEqual([]);
    expect(server.calls).toEqual([]);
    const told = await harness.rows(
      `select event_type, count(*)::int from afterword.outbox where destination = 'results' group by 1 order by 1`,
    );
    expect(told).toEqual([
      { event_type: 'afterword.window.closed.v1', count: 2 },
      { event_type: 'afterword.window.enriched.v1', count: 2 },
    ]);
  });
});

describe('a user that turns out to be a bot', () => {
  it('loses what was learnt of it, of every window, and subscribers hear of it', async () => {
    await learnFromZed();
    const events = await eventTypes(harness);
    await storeValues(harness, zedAppears());
    const calls = server.calls.length;
    expect(await deps().store.reviseWindowsOfBots()).toMatchObject({ windows: 2 });
    await extractAll(deps());
    await expectZedForgotten();
    expect(server.calls).toHaveLength(calls);
    expect((await eventTypes(harness)).slice(events.length)).toEqual([
      'memory.changed',
      'window.enriched',
      'memory.changed',
      'window.enriched',
    ]);
    const told = await harness.rows<{ changes: { change: string; retracted_by: string }[] }>(
      `select event -> 'changes' as changes from afterword.outbox
       where event_type = 'afterword.memory.changed.v1' order by outbox_id desc limit 2`,
    );
    const retracted = { change: 'retracted', retracted_by: 'evidence' };
    expect(told.map(({ changes }) => changes)).toMatchObject([[retracted], [retracted]]);
    // The indexer looks at each of the facts and windows once more.
    const vectors = await harness.rows<{ facts: string }>(
      `select jsonb_array_length(event -> 'factIds')::text as facts from afterword.outbox
       where destination = 'vectors' order by outbox_id desc limit 2`,
    );
    expect(vectors).toEqual([{ facts: '1' }, { facts: '1' }]);
  });

  it('is looked up once: neither the next look nor its next key asks for anything again', async () => {
    await learnFromZed();
    await storeValues(harness, zedAppears());
    await deps().store.reviseWindowsOfBots();
    await extractAll(deps());
    const before = await work(harness);
    await storeValues(harness, zedAppears('bob', 501));
    expect(await deps().store.reviseWindowsOfBots()).toEqual({ bots: 0, windows: 0 });
    expect((await work(harness)).slice(0, before.length)).toEqual(before);
  });

  it('leaves alone what other people said to the same bots', async () => {
    await learnFromZed();
    await learn(words(0, 'I like pears'));
    await learn(zedAppears());
    await deps().store.reviseWindowsOfBots();
    await extractAll(deps());
    await expectZedForgotten();
    expect(await currentFacts(harness)).toEqual(['figs', 'pears']);
  });

  it('loses also what a stage found that is no longer run', async () => {
    await learnFromZed();
    await storeValues(harness, zedAppears());
    await deps().store.reviseWindowsOfBots();
    const without = { stages: [], model: 'any', ignoresUser: () => false };
    await extractAll({ ...deps(), forBot: () => without });
    await expectZedForgotten();
  });

  it('loses it in runs that are not read too, without a word', async () => {
    await learnFromZed();
    const { rows } = await harness.pool.query<{ run_id: number }>(
      `insert into afterword.runs (status) values ('live') returning run_id`,
    );
    await harness.pool.query('update afterword.user_keys set run_id = $1', [rows[0]?.run_id]);
    await harness.pool.query('delete from afterword.profiles');
    const events = await eventTypes(harness);
    await harness.pool.query(
      `insert into afterword.run_settings select $1, effective_from_ms, settings from afterword.run_settings`,
      [rows[0]?.run_id],
    );
    await storeValues(harness, zedAppears());
    await deps().store.reviseWindowsOfBots();
    await extractAll(deps());
    await expectZedForgotten();
    expect(await eventTypes(harness)).toEqual(events);
  });

  it('loses it when its window, opened again meanwhile, closes', async () => {
    await learn(fromZed(0, 'I like plums'));
    await storeValues(harness, fromZed(10, 'I like cherries'), zedAppears());
    await deps().store.reviseWindowsOfBots();
    await extractAll(deps());
    expect(await currentFacts(harness, 'zed')).toEqual(['plums']);
    await closeAll(harness.closing);
    await extractAll(deps());
    await expectZedForgotten();
  });

  it('waits for nothing: also a window that was put off gives it back at once', async () => {
    await learnFromZed();
    await harness.pool.query(
      `update afterword.extractions set status = 'deferred', not_before = clock_timestamp() + interval '1 day'`,
    );
    await storeValues(harness, zedAppears());
    await deps().store.reviseWindowsOfBots();
    await extractAll(deps());
    await expectZedForgotten();
  });

  it('costs a batch of known bots no statement', async () => {
    const pool = new CrashingPool(harness.url);
    const store = createPostgresMessageStore(pool.asPool());
    const statementsOf = async (offset: number, value: unknown): Promise<number> => {
      const before = pool.statements.length;
      await storeRecords(store, logOf([value], { firstOffset: offset }));
      return pool.statements.slice(before).filter((text) => text.includes('afterword.bots')).length;
    };
    // The first makes the row, the second finds it committed, the third knows.
    expect(await statementsOf(0, words(0, 'a'))).toBe(1);
    expect(await statementsOf(1, words(1, 'b'))).toBe(1);
    expect(await statementsOf(2, words(2, 'c', { user: 'new' }))).toBe(0);
    await pool.end();
  });
});

describe('a user that turns out to be a bot while its window is extracted', () => {
  beforeEach(async () => {
    await storeValues(harness, fromZed(0, 'I like plums'));
    await closeAll(harness.closing);
  });

  const revise = (): Promise<unknown> => deps().store.reviseWindowsOfBots();

  it.each([
    ['before its windows are looked at', () => Promise.resolve()],
    ['and its windows are looked at meanwhile', revise],
  ])('is never learnt from, %s', async (_when, meanwhile) => {
    const thinking = deps('one', async () => {
      await storeValues(harness, zedAppears());
      await meanwhile();
    });
    const { settled } = await extractWindow(thinking, await claimOne(thinking), never);
    expect(settled).toEqual({ settled: false, reason: 'user-is-a-bot' });
    expect(await harness.rows('select 1 from afterword.stage_tasks')).toEqual([]);
    await revise();
    await extractAll(deps());
    await expectZedForgotten();
    expect(await work(harness)).toMatchObject([{ status: 'skipped', changed: false, revision: 1 }]);
  });

  it('by a transaction that ends only after its results were stored, loses them', async () => {
    const client = await harness.pool.connect();
    await client.query('begin');
    await client.query(`insert into afterword.bots (bot_id) values ('zed')`);
    await extractAll(deps());
    expect(await currentFacts(harness)).toEqual(['plums']);
    expect(await revise()).toMatchObject({ windows: 0 });
    await client.query('commit');
    client.release();
    expect(await revise()).toEqual({ bots: 1, windows: 1 });
    await extractAll(deps());
    await expectZedForgotten();
  });
});

describe('two processes that meet the same new bot', () => {
  it('end with one row of it, whichever stores first, and its windows are revised once', async () => {
    await learnFromZed();
    const stores = [1, 2, 3].map(() => createPostgresMessageStore(harness.openPool(1)));
    await Promise.all(
      stores.map((store, index) =>
        storeRecords(
          store,
          logOf([zedAppears(`user-${index}`), words(300, 'hello', { bot: `bot-${index}`, user: 'zed' })], {
            partition: index + 1,
          }),
        ),
      ),
    );
    const others = [1, 2].map(() => createPostgresExtractionStore(harness.openPool(1)));
    const found = await Promise.all(others.map((store) => store.reviseWindowsOfBots()));
    expect(found.reduce((sum, { windows }) => sum + windows, 0)).toBe(2);
    await extractAll(deps());
    await expectZedForgotten();
  });
});

describe('many processes that meet bots who talk to bots', { timeout: 240_000 }, () => {
  const bots = Array.from({ length: 8 }, (_, index) => `bot-${index}`);

  /** Every bot once as the user of another one, before or after it is met as a bot itself. */
  const batchesOf = (writer: number): unknown[][] =>
    bots.map((bot, index) => {
      const other = bots[(index + writer + 1) % bots.length] ?? bot;
      const minute = writer * 100 + index;
      return [
        words(minute, 'I like plums', { bot, user: other }),
        words(minute, 'I like figs', { bot, user: 'ann' }),
      ];
    });

  async function write(writer: number): Promise<void> {
    const store = createPostgresMessageStore(harness.openPool(1));
    const by = extractDeps(harness.openPool(2), server, `writer-${writer}`);
    // One goes up the alphabet, the next one down: a circle of locks would show.
    const batches = writer % 2 === 0 ? batchesOf(writer) : batchesOf(writer).reverse();
    for (const [index, values] of batches.entries()) {
      await storeRecords(store, logOf(values, { partition: writer, firstOffset: 2 * index }));
      // The user of this batch is a bot in one of the next: learnt from until then.
      await closeAll(harness.closing);
      await extractAll(by);
    }
  }

  it('end with nothing learnt of any bot, whoever stores, closes, extracts and revises meanwhile', async () => {
    for (let round = 0; round < 4; round += 1) {
      await begin();
      let writing = true;
      let revised = 0;
      const working = [1, 2].map(async (worker) => {
        const by = extractDeps(harness.openPool(2), server, `worker-${worker}`);
        while (writing) {
          await closeAll(harness.closing);
          await extractAll(by);
          revised += (await by.store.reviseWindowsOfBots()).windows;
        }
      });
      await Promise.all([0, 1].map(write)).finally(() => {
        writing = false;
      });
      await Promise.all(working);
      await closeAll(harness.closing);
      revised += (await deps().store.reviseWindowsOfBots()).windows;
      await extractAll(deps());
      expect(revised).toBeGreaterThan(0);
      const facts = await harness.rows(
        `select user_id, count(*)::int as facts from afterword.facts join afterword.user_keys using (key_id)
         where status = 'current' group by 1`,
      );
      expect(facts).toEqual([{ user_id: 'ann', facts: bots.length }]);
    }
  });
});

describe('a process that dies while a user turns out to be a bot', { timeout: 240_000 }, () => {
  const batch = logOf([zedAppears()], { firstOffset: 2 });

  async function prepare(): Promise<void> {
    await begin();
    await learnFromZed();
  }

  async function through(
    crash: CrashPoint | undefined,
    act: (pool: CrashingPool) => Promise<unknown>,
  ): Promise<number> {
    const pool = new CrashingPool(harness.url, crash);
    const failed = await act(pool).then(
      () => false,
      () => true,
    );
    expect(failed).toBe(crash !== undefined);
    await pool.end();
    return pool.statements.length;
  }

  const store = (pool: CrashingPool): Promise<unknown> =>
    storeRecords(createPostgresMessageStore(pool.asPool()), batch);
  const revise = (pool: CrashingPool): Promise<unknown> =>
    createPostgresExtractionStore(pool.asPool()).reviseWindowsOfBots();

  it('anywhere in the batch or in asking for revisions, ends where one that lives does', async () => {
    await prepare();
    const ofBatch = await through(undefined, store);
    const ofRevision = await through(undefined, revise);
    await extractAll(deps());
    const whole = await dumpState(harness);
    await expectZedForgotten();
    const points = [
      ...crashPoints(ofBatch).map((crash) => ({ crash, act: store })),
      ...crashPoints(ofRevision).map((crash) => ({ crash, act: revise })),
    ];
    for (const { crash, act } of points) {
      await prepare();
      if (act === revise) await storeRecords(harness.store, batch);
      await through(crash, act);
      await storeRecords(harness.store, batch);
      // The server may take a moment to notice the death, and until then its rows are passed over.
      await until('every bot to be seen to', async () => {
        await deps().store.reviseWindowsOfBots();
        return (await harness.rows('select 1 from afterword.bots where revised_at is null')).length === 0;
      });
      await extractAll(deps());
      expect(await dumpState(harness), JSON.stringify(crash)).toEqual(whole);
    }
  });
});

describe('users who are ignored', () => {
  it('are stored and cut like anybody; their stages are skipped with the reason, and nothing else is told', async () => {
    await storeValues(
      harness,
      words(0, 'I like plums', { user: 'test-1' }),
      words(1, 'I like cherries', { user: 'tess' }),
    );
    await closeAll(harness.closing);
    await extractAll(ignoring(/^test-/));
    expect(await currentFacts(harness)).toEqual(['cherries']);
    const told = await harness.rows(
      `select event_type, event #>> '{stages,facts,reason}' as reason
       from afterword.outbox join afterword.user_keys using (key_id)
       where user_id = 'test-1' and destination = 'results' order by outbox_id`,
    );
    expect(told).toEqual([
      { event_type: 'afterword.window.closed.v1', reason: null },
      { event_type: 'afterword.window.enriched.v1', reason: 'ignored-user' },
    ]);
    expect(server.calls).toHaveLength(1);
  });

  it('from some restart on keep what was learnt before, until its window is extracted again', async () => {
    await learnFromZed();
    const late = ignoring(/^zed$/);
    await late.store.reviseWindowsOfBots();
    await learn(fromZed(200, 'I like pears'), late);
    expect(await currentFacts(harness)).toEqual(['cherries', 'plums']);
    // A late message: the first window is extracted again.
    await storeValues(harness, fromZed(1, 'well'));
    await closeAll(harness.closing);
    await endGrace(harness);
    await extractAll(late);
    expect(await currentFacts(harness)).toEqual(['cherries']);
  });
});
