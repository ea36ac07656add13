import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { createPostgresAnswerStore } from '../../src/adapters/postgres/answer-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import { extractWindow, type ExtractDeps } from '../../src/extract/extract-window.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import type { Stage } from '../../src/extract/stage.ts';
import { resultEventSchemas } from '../../src/model/result-event.ts';
import { noUsage, summaryResultSchema } from '../../src/model/results.ts';
import { summaryItemId } from '../../src/publish/vector-items.ts';
import { CrashingPool, crashPoints, type CrashPoint } from '../adapters/postgres/crashing-pool.ts';
import { dumpState } from '../adapters/postgres/dump-state.ts';
import * as replies from '../support/anthropic-replies.ts';
import type { Question } from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { tablesWith } from '../support/planted-words.ts';
import {
  changeSettings,
  closeAll,
  dayMs,
  deleted,
  edited,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  storeRecords,
  type Said,
  type StoreHarness,
} from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import {
  claimOne,
  closedWindow,
  currentFacts,
  endGrace,
  eventTypes,
  extractDeps,
  likesOf,
  storeValues,
  words,
} from './settle-harness.ts';

let harness: StoreHarness;
let server: AnthropicServer;
beforeAll(async () => {
  [harness, server] = await Promise.all([openStoreHarness(), AnthropicServer.start()]);
});
afterAll(async () => {
  await Promise.all([harness.close(), server.close()]);
});
beforeEach(async () => {
  await prepare();
});
afterEach(() => {
  expect(server.refusals).toEqual([]);
});

async function prepare(setup?: Parameters<StoreHarness['begin']>[0]): Promise<void> {
  await harness.pool.query('delete from afterword.vectors');
  await harness.begin(setup);
  server.reset();
  server.byDefault = replies.answer(tellAll);
}

/** Sums up by repeating what was said, as an extract of sentences does. */
const repeatingSummary: Stage = {
  name: 'summary',
  version: '1',
  minMessages: 1,
  draftSchema: z.strictObject({ text: z.string() }),
  resultSchema: summaryResultSchema,
  prompt: 'Repeat it.',
  check: (draft) => ({
    result: {
      summary_text: (draft as { text: string }).text,
      key_topics: ['fruit', 'trees'],
      emotional_tone: 'neutral',
      compression_ratio: 1,
      confidence_score: 1,
    },
    rejected: {},
  }),
};

function tellAll(question: Question): unknown {
  const text = question.lines.map((line) => line.text).join(' · ') || 'nothing';
  return { ...(likesOf(question) as object), summary: { text } };
}

const deps = (owner: string, whileThinking?: () => Promise<void>): ExtractDeps => ({
  ...extractDeps(harness.pool, server, owner, whileThinking),
  forBot: () => ({ stages: [factsStage, repeatingSummary], model: 'any', ignoresUser: () => false }),
});

const never = new AbortController().signal;

async function extract(by: ExtractDeps = deps('one')): Promise<unknown> {
  return (await extractWindow(by, await claimOne(by), never)).settled;
}

const planted = 'Plumtree';
const confession = `I like ${planted}s`;

const placesOf = (word: string): Promise<string[]> => tablesWith(harness, word);

const takeBack = (where: Partial<Said> = {}, atMinutes = 300): unknown =>
  deleted({ id: 'at 0', atMs: dayMs + atMinutes * minuteMs, ...where });

/** A window in which the planted word and something else were said, learnt from. */
async function learntWindow(): Promise<void> {
  await storeValues(harness, words(0, confession), words(1, 'I like cherries'));
  await closeAll(harness.closing);
  await extract();
}

describe('a message that is deleted after it was learnt from', { timeout: 60_000 }, () => {
  it('is nowhere once the batch is committed, and what else was learnt stays', async () => {
    await learntWindow();
    const [window] = await harness.rows<{ window_id: string }>('select window_id from afterword.windows');
    await harness.pool.query(
      `insert into afterword.vectors (embedder, item_id, kind, bot_id, user_id, channel_types, item_text,
         occurred_at_ms, vector)
       values ('any', $1, 'summary', 'aria', 'ann', '{}', $2, 0, '\\x00000000')`,
      [summaryItemId(window?.window_id ?? ''), confession],
    );
    expect(await placesOf(planted)).toEqual([
      'facts',
      'kept_answers',
      'messages',
      'observations',
      'outbox',
      'profiles',
      'stage_tasks',
      'vectors',
    ]);
    const before = await eventTypes(harness);
    await storeValues(harness, takeBack());
    expect(await placesOf(planted)).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['cherries']);
    expect(before).toEqual([
      'window.closed',
      'stage.completed',
      'stage.completed',
      'memory.changed',
      'window.enriched',
    ]);
    // The change that tells of the cherries stays as it was, without the other.
    expect(await eventTypes(harness)).toEqual(['window.closed', 'memory.changed', 'memory.changed']);
    await extract(await afterGrace());
    expect(await placesOf(planted)).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['cherries']);
    const [profile] = await harness.rows<{ summaries: unknown[] }>(
      'select summaries from afterword.profiles',
    );
    expect(JSON.stringify(profile?.summaries)).toContain('cherries');
  });

  it('is told as ids that are to be forgotten, in the contract’s form', async () => {
    await learntWindow();
    const [fact] = await harness.rows<{ fact_id: string }>(
      'select fact_id from afterword.facts where entity_name ilike $1',
      [`%${planted}%`],
    );
    await storeValues(harness, takeBack());
    const told = await harness.rows<{ event: { changes: unknown } }>(
      `select event from afterword.outbox where event_type = 'afterword.memory.changed.v1' order by outbox_id`,
    );
    const schema = resultEventSchemas['afterword.memory.changed.v1'];
    for (const { event } of told) expect(schema.safeParse(event).error).toBeUndefined();
    expect(told.at(-1)?.event.changes).toEqual([{ kind: 'fact', change: 'retracted', id: fact?.fact_id }]);
  });

  it('is told to be forgotten also where the news that it no longer counts had not been sent yet', async () => {
    await learntWindow();
    const [fact] = await harness.rows<{ fact_id: string }>(
      'select fact_id from afterword.facts where entity_name ilike $1',
      [`%${planted}%`],
    );
    // Subscribers know it; what is told from now on waits.
    await harness.pool.query('delete from afterword.outbox');
    const content = 'I like pears';
    await storeValues(harness, edited({ id: 'at 0', atMs: dayMs + 100 * minuteMs, content }));
    await extract(await afterGrace());
    expect(await currentFacts(harness)).toEqual(['cherries', 'pears']);
    await storeValues(harness, takeBack());
    expect(await placesOf(planted)).toEqual([]);
    const told = await harness.rows<{ event: { changes: readonly { readonly id: string }[] } }>(
      `select event from afterword.outbox where event_type = 'afterword.memory.changed.v1' order by outbox_id`,
    );
    const schema = resultEventSchemas['afterword.memory.changed.v1'];
    for (const { event } of told) expect(schema.safeParse(event).error).toBeUndefined();
    expect(told.flatMap(({ event }) => event.changes).filter(({ id }) => id === fact?.fact_id)).toEqual([
      { kind: 'fact', change: 'retracted', id: fact?.fact_id },
    ]);
  });

  it('is not told to be forgotten where it has been said again since', async () => {
    await learntWindow();
    await storeValues(harness, edited({ id: 'at 0', atMs: dayMs + 100 * minuteMs, content: 'I like pears' }));
    await extract(await afterGrace());
    await closedWindow(harness, 200, confession);
    await extract();
    await storeValues(harness, takeBack());
    expect(await currentFacts(harness)).toEqual(['Plumtrees', 'cherries']);
    const [again] = await harness.rows<{ fact_id: string }>(
      `select fact_id from afterword.facts where entity_name = 'Plumtrees'`,
    );
    const told = await harness.rows<{ change: string }>(
      `select c ->> 'change' as change from afterword.outbox, jsonb_array_elements(event -> 'changes') c
       where event_type = 'afterword.memory.changed.v1' and c ->> 'id' = $1 order by outbox_id`,
      [again?.fact_id],
    );
    expect(told.at(-1)).toEqual({ change: 'confirmed' });
  });

  it('is nowhere also when its events are sent already, or its text was edited before', async () => {
    await learntWindow();
    await storeValues(
      harness,
      edited({ id: 'at 0', atMs: dayMs + 100 * minuteMs, content: `${confession} twice` }),
    );
    await extract(await afterGrace());
    await harness.pool.query('update afterword.outbox set sent_at = clock_timestamp()');
    await storeValues(harness, takeBack());
    expect(await placesOf(planted)).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['cherries']);
  });

  it('leaves a fact that was said elsewhere too, without these words', async () => {
    await learntWindow();
    await closedWindow(harness, 100, confession);
    await extract();
    await storeValues(harness, takeBack());
    expect(await currentFacts(harness)).toEqual(['Plumtrees', 'cherries']);
    const [row] = await harness.rows<{ fact: { windowCount: number; evidence: { messageId: string }[] } }>(
      `select fact from afterword.facts where entity_name = 'Plumtrees'`,
    );
    expect(row?.fact.windowCount).toBe(1);
    expect(row?.fact.evidence.map(({ messageId }) => messageId)).toEqual(['at 100']);
  });

  it('is nowhere when its window was superseded, and when its run is no longer read', async () => {
    await closedWindow(harness, 0, 'hello');
    await extract();
    await closedWindow(harness, 40, confession);
    await extract();
    await storeValues(harness, words(20, 'well'));
    expect(await placesOf(planted)).toContain('facts');
    await storeValues(harness, takeBack({ id: 'at 40' }));
    expect(await placesOf(planted)).toEqual([]);
    await extract();
    expect(await currentFacts(harness)).toEqual([]);

    await prepare();
    await learntWindow();
    const { rows } = await harness.pool.query<{ run_id: number }>(
      `insert into afterword.runs (status) values ('live') returning run_id`,
    );
    await changeSettings(harness.pool, rows[0]?.run_id ?? 0, {});
    // As a promotion leaves it: the old run is held, the profile is of the new one.
    await harness.pool.query('update afterword.user_keys set run_id = $1', [rows[0]?.run_id]);
    await harness.pool.query('delete from afterword.profiles');
    await storeValues(harness, takeBack());
    expect(await placesOf(planted)).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['cherries']);
  });

  it('is nowhere when a later cut has moved it to another window', async () => {
    // An hour at most: the stretch is cut where its first hour is over.
    const short = {
      effectiveFromMs: -8e15,
      gapMs: 30 * minuteMs,
      maxMessages: 500,
      maxDurationMs: 60 * minuteMs,
    };
    await prepare({ dated: [short] });
    await storeValues(harness, words(40, 'well'), words(60, 'so'), words(75, confession));
    await closeAll(harness.closing);
    await extract();
    // The stretch is longer than an hour now, and is cut at the longest silence of its second half.
    await storeValues(harness, words(88, 'and'), words(101, 'then'));
    const spans = await harness.rows(
      'select (ended_at_ms - $1) / 60000 as to from afterword.windows order by started_at_ms',
      [dayMs],
    );
    expect(spans).toEqual([{ to: '60' }, { to: '101' }]);
    expect(await placesOf(planted)).toContain('stage_tasks');
    await storeValues(harness, takeBack({ id: 'at 75' }));
    expect(await placesOf(planted)).toEqual([]);
  });

  it('takes nothing out of other channels where channels part sessions', async () => {
    await prepare({ sessionKey: 'bot,user,channel' });
    await storeValues(
      harness,
      words(0, confession, { channel: 'one' }),
      words(1, 'well', { channel: 'one' }),
      words(0, 'I like cherries', { channel: 'two' }),
      words(2, 'I like figs', { channel: 'two' }),
    );
    await closeAll(harness.closing);
    for (const claim of await deps('one').store.claim('one', 10, 60_000)) {
      await extractWindow(deps('one'), claim, never);
    }
    await storeValues(harness, takeBack({ channel: 'one' }));
    expect(await placesOf(planted)).toEqual([]);
    const left = await harness.rows(
      `select 1 from afterword.stage_tasks where stage = 'summary' and superseded_at is null`,
    );
    expect(left).toHaveLength(1);
  });

  describe('whose id another channel uses too', () => {
    const placeOne = { channel: 'one', channelType: 'group' };
    const placeTwo = { channel: 'two', channelType: 'group' };
    const takeBackOne = (): unknown => takeBack({ channel: 'one' });
    const toldChanges = async (): Promise<string> => {
      const rows = await harness.rows<{ changes: string }>(
        `select string_agg(event::text, ' ') as changes from afterword.outbox
         where event_type = 'afterword.memory.changed.v1'`,
      );
      return rows[0]?.changes ?? '';
    };

    it('takes nothing that was said there, in its own window or another', async () => {
      await storeValues(
        harness,
        words(0, confession, placeOne),
        words(0, 'I like cherries', placeTwo),
        words(1, 'I like figs'),
      );
      await closeAll(harness.closing);
      await extract();
      // Another day, the same id once more.
      const later = { id: 'at 0', atMs: dayMs + 900 * minuteMs, channel: 'three', content: 'I like pears' };
      await storeValues(harness, message(later));
      await closeAll(harness.closing);
      await extract();
      expect(await currentFacts(harness)).toEqual(['Plumtrees', 'cherries', 'figs', 'pears']);
      await storeValues(harness, takeBackOne());
      expect(await placesOf(planted)).toEqual([]);
      expect(await currentFacts(harness)).toEqual(['cherries', 'figs', 'pears']);
      const told = await toldChanges();
      for (const kept of ['cherries', 'figs', 'pears']) expect(told).toContain(kept);
      const cited = await harness.rows(
        `select distinct e ->> 'message_id' as id, e ->> 'channel_id' as channel, e ? 'channel_id' as told
         from afterword.stage_tasks, jsonb_path_query(result, '$.facts[*].evidence[*]') e order by 1, 2`,
      );
      // The window of one channel has no need to say which.
      expect(cited).toEqual([
        { id: 'at 0', channel: 'two', told: true },
        { id: 'at 0', channel: null, told: false },
        { id: 'at 1', channel: null, told: true },
      ]);
      await extract(await afterGrace());
      expect(await currentFacts(harness)).toEqual(['cherries', 'figs', 'pears']);
    });

    it('is told apart from the one of no channel at all', async () => {
      await storeValues(harness, words(0, confession), words(0, 'I like cherries', placeTwo));
      await closeAll(harness.closing);
      await extract();
      await storeValues(harness, takeBack());
      expect(await placesOf(planted)).toEqual([]);
      expect(await currentFacts(harness)).toEqual(['cherries']);
    });

    it('also when both were in the window of a person who is told apart by two bots', async () => {
      const zed = { ...placeOne, bot: 'zed' };
      await storeValues(harness, words(0, confession, placeOne), words(0, 'I like cherries', zed));
      await closeAll(harness.closing);
      for (const claim of await deps('one').store.claim('one', 10, 60_000)) {
        await extractWindow(deps('one'), claim, never);
      }
      await storeValues(harness, takeBackOne());
      expect(await placesOf(planted)).toEqual([]);
      expect(await currentFacts(harness)).toEqual(['cherries']);
    });

    it('of which only one had come when it was learnt from, takes both until the further revision', async () => {
      await storeValues(harness, words(0, 'I like cherries', placeTwo), words(5, 'well', placeTwo));
      await closeAll(harness.closing);
      await extract();
      await storeValues(harness, words(0, confession, placeOne));
      expect(await currentFacts(harness)).toEqual(['cherries']);
      await storeValues(harness, takeBackOne());
      expect(await currentFacts(harness)).toEqual([]);
      await closeAll(harness.closing);
      await extract(await afterGrace());
      expect(await placesOf(planted)).toEqual([]);
      expect(await currentFacts(harness)).toEqual(['cherries']);
    });
  });

  it('is the one that gave no channel, when its delete gives none', async () => {
    await storeValues(harness, words(0, confession, { channel: 'one' }), words(0, 'I like cherries'));
    await closeAll(harness.closing);
    await extract();
    await storeValues(harness, takeBack());
    expect(await currentFacts(harness)).toEqual(['Plumtrees']);
    const kept = await harness.rows('select channel_id, content from afterword.messages where not deleted');
    expect(kept).toEqual([{ channel_id: 'one', content: confession }]);
  });

  async function afterGrace(): Promise<ExtractDeps> {
    await endGrace(harness);
    return deps('one');
  }
});

describe('a message whose delete came first', () => {
  it('is never learnt from', async () => {
    await storeValues(harness, takeBack());
    await storeValues(harness, words(0, confession), words(1, 'I like cherries'));
    expect(await placesOf(planted)).toEqual([]);
    await closeAll(harness.closing);
    await extract();
    expect(await placesOf(planted)).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['cherries']);
  });
});

describe('a message that is deleted while the model thinks about it', () => {
  beforeEach(async () => {
    await storeValues(harness, words(0, confession), words(1, 'I like cherries'));
    await closeAll(harness.closing);
  });

  async function expectForgotten(): Promise<void> {
    expect(await placesOf(planted)).toEqual([]);
    expect(await harness.rows('select 1 from afterword.stage_tasks')).toEqual([]);
    await endGrace(harness);
    await extract();
    expect(await placesOf(planted)).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['cherries']);
  }

  it('comes back neither as a kept answer nor as a result', async () => {
    const settled = await extract(deps('one', () => storeValues(harness, takeBack())));
    expect(settled).toEqual({ settled: false, reason: 'member-deleted' });
    await expectForgotten();
  });

  it('after the answer was kept, takes it along, and its results are not stored', async () => {
    const real = deps('one');
    const settled = await extract({
      ...real,
      store: {
        ...real.store,
        settle: async (...given) => {
          expect(await placesOf(planted)).toContain('kept_answers');
          await storeValues(harness, takeBack());
          return real.store.settle(...given);
        },
      },
    });
    expect(settled).toEqual({ settled: false, reason: 'member-deleted' });
    await expectForgotten();
  });

  it('by a transaction that has not ended, makes the answer wait for it, and go', async () => {
    const claim = await claimOne(deps('one'));
    const members = await deps('one').store.members(claim);
    const answers = createPostgresAnswerStore(harness.openPool(1), claim, members);
    const client = await harness.pool.connect();
    await client.query('begin');
    await client.query('select from afterword.user_keys where key_id = $1 for update', [claim.keyId]);
    await client.query(
      `update afterword.messages set deleted = true, content = '' where message_id = 'at 0'`,
    );
    const answer = { model: 'any', text: confession, usage: noUsage };
    const kept = answers.keep('ab'.repeat(32), answer, never);
    await until('the answer waits', async () => {
      const waiting = await harness.rows(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting.length === 1;
    });
    await client.query('commit');
    client.release();
    await kept;
    expect(await harness.rows('select 1 from afterword.kept_answers')).toEqual([]);
  });
});

describe('a process that dies while it deletes', { timeout: 240_000 }, () => {
  const batch = logOf([takeBack()], { firstOffset: 2 });

  async function prepareLearnt(): Promise<void> {
    await prepare();
    await learntWindow();
  }

  async function deleteThrough(crash?: CrashPoint): Promise<readonly string[]> {
    const pool = new CrashingPool(harness.url, crash);
    const failed = await storeRecords(createPostgresMessageStore(pool.asPool()), batch).then(
      () => false,
      () => true,
    );
    expect(failed).toBe(crash !== undefined);
    await pool.end();
    return pool.statements;
  }

  it('leaves the words everywhere or nowhere, and the redelivered delete takes them', async () => {
    await prepareLearnt();
    const before = await dumpState(harness);
    const statements = await deleteThrough();
    const whole = await dumpState(harness);
    const commit = statements.indexOf('commit') + 1;
    for (const crash of crashPoints(statements.length)) {
      await prepareLearnt();
      await deleteThrough(crash);
      const committed = crash.statement === commit && crash.when === 'after';
      expect(await dumpState(harness), JSON.stringify(crash)).toEqual(committed ? whole : before);
      await storeRecords(harness.store, batch);
      expect(await dumpState(harness), JSON.stringify(crash)).toEqual(whole);
      expect(await placesOf(planted)).toEqual([]);
    }
  });
});
