import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { resumeOverBudget } from '../../src/adapters/postgres/call-ledger.ts';
import { createPostgresExtractionStore } from '../../src/adapters/postgres/extraction-store.ts';
import { extractWindow, type ExtractDeps } from '../../src/extract/extract-window.ts';
import { CrashingPool, crashPoints, type CrashPoint } from '../adapters/postgres/crashing-pool.ts';
import { dumpState } from '../adapters/postgres/dump-state.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import {
  bothPartitions,
  closeAll,
  closeOnce,
  dayMs,
  edited,
  minuteMs,
  openStoreHarness,
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
  work,
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
  await harness.begin();
  server.reset();
  server.byDefault = replies.answer(likesOf);
});
afterEach(() => {
  expect(server.refusals).toEqual([]);
});

const deps = (owner: string, whileThinking?: () => Promise<void>): ExtractDeps =>
  extractDeps(harness.pool, server, owner, whileThinking);

const never = new AbortController().signal;

async function extract(by: ExtractDeps = deps('one')): Promise<unknown> {
  return (await extractWindow(by, await claimOne(by), never)).settled;
}

const betterWords = (content: string, atMinutes = 200): unknown =>
  edited({ id: 'at 0', atMs: dayMs + atMinutes * minuteMs, content });

describe('a process that dies while it settles a window', { timeout: 240_000 }, () => {
  async function prepare(): Promise<void> {
    await harness.begin();
    // The provider's cache too is as it was: usage is a part of what is told.
    server.reset();
    server.byDefault = replies.answer(likesOf);
    await closedWindow(harness, 0, 'I like plums');
    await extract();
    await storeValues(harness, betterWords('I like cherries'));
    await endGrace(harness);
  }

  async function settleThrough(crash?: CrashPoint): Promise<readonly string[]> {
    const pool = new CrashingPool(harness.url, crash);
    // Claim, members and answer by a healthy process: what dies is the settlement alone.
    const dying: ExtractDeps = {
      ...deps('dying'),
      store: {
        ...deps('dying').store,
        settle: (...given) => createPostgresExtractionStore(pool.asPool()).settle(...given),
      },
    };
    const failed = await extract(dying).then(
      () => false,
      () => true,
    );
    expect(failed).toBe(crash !== undefined);
    await pool.end();
    return pool.statements;
  }

  it('stores results, memory, profile and events together or not at all', async () => {
    await prepare();
    const before = memoryOf(await dumpState(harness));
    const statements = await settleThrough();
    const whole = await dumpState(harness);
    expect(await currentFacts(harness)).toEqual(['cherries']);
    expect(statements.length).toBeGreaterThan(10);
    const commit = statements.indexOf('commit') + 1;
    for (const crash of crashPoints(statements.length)) {
      await prepare();
      await settleThrough(crash);
      const committed = crash.statement === commit && crash.when === 'after';
      const after = await dumpState(harness);
      expect(memoryOf(after), JSON.stringify(crash)).toEqual(committed ? memoryOf(whole) : before);
      await harness.pool.query(
        `update afterword.extractions set lease_expires_at = clock_timestamp() - interval '1 second'
         where status = 'running'`,
      );
      if (committed) expect(await deps('two').store.claim('two', 10, 1_000)).toEqual([]);
      else expect(await extract(deps('two'))).toMatchObject({ settled: true });
      expect(await dumpState(harness), JSON.stringify(crash)).toEqual(whole);
      await eventTypes(harness);
    }
  });

  function memoryOf(state: Readonly<Record<string, unknown[]>>): Readonly<Record<string, unknown>> {
    const { tasks, observations, facts, profiles, outbox, windows } = state;
    return { tasks, observations, facts, profiles, outbox, windows };
  }
});

describe('the language of a window', () => {
  const stored = (): Promise<unknown[]> =>
    harness.rows(
      `select language, event ->> 'language' as told
       from afterword.extractions e left join afterword.outbox o on o.window_id = e.window_id
         and o.event_type = 'afterword.window.enriched.v1'
       order by o.sequence`,
    );

  it('is stored and told with its results, and follows what the user wrote', async () => {
    await closedWindow(harness, 0, 'Ich mag Pflaumen und wohne in einer kleinen Stadt.');
    expect(await stored()).toEqual([{ language: null, told: null }]);
    await extract();
    expect(await stored()).toEqual([{ language: 'de', told: 'de' }]);
    await storeValues(harness, betterWords('I like plums, and this is a small town.'));
    await endGrace(harness);
    await extract();
    expect(await stored()).toEqual([
      { language: 'en', told: 'de' },
      { language: 'en', told: 'en' },
    ]);
  });

  it('stays as it was where nothing is stored, and is not told of a user that is ignored', async () => {
    await closedWindow(harness, 0, 'Ich mag Pflaumen und wohne in einer kleinen Stadt.');
    await extract();
    await storeValues(harness, betterWords('I like plums, and this is a small town.'));
    await endGrace(harness);
    server.byDefault = replies.overloaded();
    await extract();
    expect(await stored()).toEqual([{ language: 'de', told: 'de' }]);
    await endGrace(harness);
    const ignoring = { stages: [factsStage], model: 'any', ignoresUser: () => true };
    await extract({ ...deps('two'), forBot: () => ignoring });
    expect(await stored()).toEqual([
      { language: null, told: 'de' },
      { language: null, told: null },
    ]);
  });

  it('is a tag by its form, or the database refuses it', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const set = (language: string): Promise<unknown> =>
      harness.pool.query('update afterword.extractions set language = $1', [language]);
    await set('pt-BR');
    await expect(set('German')).rejects.toMatchObject({ code: '23514' });
  });
});

describe('a worker that lost its lease', () => {
  it('stores nothing, and does not disturb the one that has it now', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const slow = deps('slow');
    const claim = await claimOne(slow, 1);
    await until('the lease has run out by the database’s clock', async () => {
      const [row] = await harness.rows<{ over: boolean }>(
        'select lease_expires_at < clock_timestamp() as over from afterword.extractions',
      );
      return row?.over === true;
    });
    const quick = deps('quick');
    const taken = await claimOne(quick);
    expect(taken.leaseEpoch).toBe(claim.leaseEpoch + 1);
    expect((await extractWindow(slow, claim, never)).settled).toEqual({
      settled: false,
      reason: 'lease-lost',
    });
    expect(await slow.store.renew([claim], 'slow', 60_000)).toEqual(new Set());
    await slow.store.giveBack(claim, 'slow', { status: 'failed', errorCode: null, delayMs: 0, stored: true });
    expect(await work(harness)).toMatchObject([{ status: 'running', revision: 0, window_revision: 0 }]);
    expect(await eventTypes(harness)).toEqual(['window.closed']);
    expect((await extractWindow(quick, taken, never)).settled).toMatchObject({ settled: true });
    expect(await currentFacts(harness)).toEqual(['plums']);
  });
});

describe('a window that changes while the model thinks', () => {
  it('gets the results of its members as they were, and then another revision', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const notBefore = 'select not_before::text from afterword.extractions';
    let grace: unknown[] = [];
    const settled = await extract(
      deps('one', async () => {
        await storeValues(harness, betterWords('I like cherries'));
        grace = await harness.rows(notBefore);
      }),
    );
    expect(settled).toMatchObject({ settled: true });
    expect(await currentFacts(harness)).toEqual(['plums']);
    expect(await work(harness)).toEqual([
      { status: 'pending', changed: false, revision: 1, window_revision: 1 },
    ]);
    // It waits for the grace that the change was given.
    expect(await harness.rows(notBefore)).toEqual(grace);
    await endGrace(harness);
    await extract();
    expect(await currentFacts(harness)).toEqual(['cherries']);
    expect(await work(harness)).toEqual([
      { status: 'done', changed: false, revision: 2, window_revision: 2 },
    ]);
    const tasks = await harness.rows(
      'select revision, superseded_at is null as current from afterword.stage_tasks order by revision',
    );
    expect(tasks).toEqual([
      { revision: 1, current: false },
      { revision: 2, current: true },
    ]);
  });

  it('stores nothing when it was superseded, and says that it was', async () => {
    await closedWindow(harness, 0, 'hello');
    await extract();
    await closedWindow(harness, 40, 'I like plums');
    // A late message bridges the two: the second window is part of the first now.
    const settled = await extract(deps('one', () => storeValues(harness, words(20, 'well'))));
    expect(settled).toEqual({ settled: false, reason: 'superseded' });
    expect(await currentFacts(harness)).toEqual([]);
    expect(
      await harness.rows(`select 1 from afterword.stage_tasks where result::text like '%plums%'`),
    ).toEqual([]);
    const events = await eventTypes(harness);
    await extract();
    expect((await eventTypes(harness)).slice(events.length)).toEqual(['window.superseded']);
  });
});

describe('a window that was superseded after it was learnt from', () => {
  it('takes back what it contributed, and names who took its members over', async () => {
    await closedWindow(harness, 0, 'hello');
    await extract();
    await closedWindow(harness, 40, 'I like plums');
    await extract();
    expect(await currentFacts(harness)).toEqual(['plums']);
    const events = await eventTypes(harness);
    await storeValues(harness, words(20, 'well'));
    await extract();
    expect(await currentFacts(harness)).toEqual([]);
    expect((await eventTypes(harness)).slice(events.length)).toEqual(['memory.changed', 'window.superseded']);
    const [told] = await harness.rows<{ event: { by: string[]; revision: number } }>(
      `select event from afterword.outbox where event_type = 'afterword.window.superseded.v1'`,
    );
    const [living] = await harness.rows<{ window_id: string }>(
      `select window_id from afterword.windows where status = 'open'`,
    );
    expect(told?.event).toMatchObject({ by: [living?.window_id], revision: 1 });
    const [profile] = await harness.rows<{ facts: unknown[] }>('select facts from afterword.profiles');
    expect(JSON.stringify(profile?.facts)).not.toContain('plums');
    // The window that has them now is extracted anew once it is closed.
    await closeAll(harness.closing);
    await extract();
    expect(await currentFacts(harness)).toEqual(['plums']);
  });
});

describe('a window that is reopened', () => {
  it('and then superseded is taken back with the reason that was announced last', async () => {
    await closedWindow(harness, 0, 'hello');
    await extract();
    await closedWindow(harness, 40, 'I like plums');
    await extract();
    await storeValues(harness, words(50, 'I like cherries'));
    await storeValues(harness, words(20, 'well'));
    await endGrace(harness);
    await extract();
    const reasons = await harness.rows<{ closed: string; superseded: string }>(
      `select c.event ->> 'close_reason' as closed, s.event ->> 'close_reason' as superseded
       from afterword.outbox s join afterword.outbox c using (window_id)
       where s.event_type = 'afterword.window.superseded.v1' and c.event_type = 'afterword.window.closed.v1'`,
    );
    expect(reasons).toHaveLength(1);
    expect(reasons[0]?.closed).not.toBe('gap');
    expect(reasons[0]?.superseded).toBe(reasons[0]?.closed);
  });

  it('after the claim tells of as many messages as were read', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const { store, ...others } = deps('one');
    const late: ExtractDeps = {
      ...others,
      store: {
        ...store,
        members: async (claim) => {
          await storeValues(harness, words(10, 'I like cherries'));
          return store.members(claim);
        },
      },
    };
    await extract(late);
    expect(await currentFacts(harness)).toEqual(['cherries', 'plums']);
    const [told] = await harness.rows(
      `select (event -> 'message_count')::int as told, t.message_count as stored
       from afterword.outbox join afterword.stage_tasks t using (window_id)
       where event_type = 'afterword.stage.completed.v1'`,
    );
    expect(told).toEqual({ told: 2, stored: 2 });
  });

  it('is not claimed while it is open, and extracted again after closing', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract();
    await storeValues(harness, words(10, 'I like cherries'));
    await endGrace(harness);
    expect(await deps('one').store.claim('one', 10, 1_000)).toEqual([]);
    await closeAll(harness.closing);
    await extract();
    expect(await currentFacts(harness)).toEqual(['cherries', 'plums']);
    expect(await work(harness)).toEqual([
      { status: 'done', changed: false, revision: 2, window_revision: 2 },
    ]);
  });
});

describe('the grace before a further revision', () => {
  /** Seconds between the change and the next claim. */
  async function waitsSeconds(): Promise<number> {
    const [row] = await harness.rows<{ seconds: string }>(
      'select round(extract(epoch from not_before - updated_at)) as seconds from afterword.extractions',
    );
    return Number(row?.seconds);
  }

  it('doubles with each revision within the hour, up to an hour', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const waits: number[] = [];
    for (let revision = 1; revision <= 4; revision += 1) {
      await endGrace(harness);
      await extract();
      await storeValues(harness, betterWords(`I like plums ${revision}`, 200 + revision));
      waits.push(await waitsSeconds());
    }
    expect(waits).toEqual([2, 4, 8, 16]);
    await harness.pool.query(`update afterword.extractions set status = 'done', revisions_in_hour = 19`);
    await storeValues(harness, betterWords('I like figs', 300));
    expect(await waitsSeconds()).toBe(3_600);
  });

  it('doubles as well for a window that late messages open, one after the other', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const waitedMinutes: unknown[] = [];
    for (let late = 1; late <= 4; late += 1) {
      await endGrace(harness);
      await extract();
      await storeValues(harness, words(late, 'well'));
      await closeAfterAMinute();
      waitedMinutes.push(
        ...(await harness.rows(
          `select round(extract(epoch from e.not_before - to_timestamp(w.touched_at_ms / 1000.0)) / 60)::int as waited
           from afterword.extractions e join afterword.windows w using (window_id)`,
        )),
      );
    }
    expect(waitedMinutes).toEqual([2, 4, 8, 16].map((waited) => ({ waited })));
    expect(server.calls).toHaveLength(4);
  });

  it('is not cut short by a late message that opens the window meanwhile', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract();
    await storeValues(harness, betterWords('I like figs'));
    await harness.pool.query(
      `update afterword.extractions set not_before = clock_timestamp() + interval '1 hour'`,
    );
    const notBefore = 'select status, not_before::text from afterword.extractions';
    const before = await harness.rows(notBefore);
    await storeValues(harness, words(10, 'I like cherries'));
    await closeAll(harness.closing);
    expect(await harness.rows(notBefore)).toEqual(before);
  });

  /** Judged with a grace of a minute, and closed by a clock beyond it. */
  async function closeAfterAMinute(): Promise<void> {
    await harness.closing.markCaughtUp(bothPartitions);
    await closeOnce(harness.closing, { graceMs: minuteMs });
    const { windows } = await harness.closing.closeDue(Date.now() + 2 * minuteMs, 10, 'closer-1');
    expect(windows).toHaveLength(1);
  }

  it('begins anew when the hour is over', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract();
    await harness.pool.query(
      `update afterword.extractions set revisions_in_hour = 12, hour_started_at = clock_timestamp() - interval '61 minutes'`,
    );
    await storeValues(harness, betterWords('I like figs'));
    expect(await waitsSeconds()).toBe(1);
  });

  it('does not put back a window that waits already', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract();
    await storeValues(harness, betterWords('I like figs', 201));
    const notBefore = 'select not_before::text from afterword.extractions';
    const before = await harness.rows(notBefore);
    await storeValues(harness, betterWords('I like pears', 202));
    expect(await harness.rows(notBefore)).toEqual(before);
  });

  it('is not lengthened by tries that stored nothing', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.byDefault = replies.overloaded();
    for (let round = 0; round < 4; round += 1) {
      await endGrace(harness);
      await extract();
    }
    server.byDefault = replies.answer(likesOf);
    await endGrace(harness);
    // Another process: its breaker has not opened.
    await extract(deps('two'));
    await storeValues(harness, betterWords('I like figs'));
    expect(await waitsSeconds()).toBe(2);
  });
});

describe('a window that is put off, and changes meanwhile', () => {
  const putOff = async (status: string, code: string): Promise<void> => {
    await closedWindow(harness, 0, 'I like plums');
    await harness.pool.query(
      `update afterword.extractions
       set status = $1, error_code = $2, not_before = clock_timestamp() + interval '1 day'`,
      [status, code],
    );
  };
  const change = {
    'by an edit': () => storeValues(harness, betterWords('I like figs')),
    'by a late message': async () => {
      await storeValues(harness, words(10, 'well'));
      await closeAll(harness.closing);
    },
  };
  const changes = Object.entries(change);

  it.each(changes)('%s, is taken up as soon as the model is back', async (_, changed) => {
    await putOff('retrying', 'MODEL_OVERLOADED');
    await changed();
    expect(await deps('one').store.claim('one', 10, 1_000)).toEqual([]);
    expect(await deps('one').store.releaseWaiting()).toBe(1);
    await extract();
    expect(await work(harness)).toMatchObject([{ status: 'done', changed: false, revision: 1 }]);
  });

  it.each(changes)('%s, is taken up as soon as its budget has room', async (_, changed) => {
    await putOff('deferred', 'MODEL_BUDGET_SPENT');
    await changed();
    expect(await deps('one').store.claim('one', 10, 1_000)).toEqual([]);
    expect(await resumeOverBudget(harness.pool, null, new Map())).toBe(1);
    await extract();
    expect(await work(harness)).toMatchObject([{ status: 'done', changed: false, revision: 1 }]);
  });
});

describe('a revision that was asked for', () => {
  const editTo = (content: string, atMinutes: number): Promise<void> =>
    storeValues(harness, betterWords(content, atMinutes));

  it('costs one call, however often the window was edited within the grace', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract();
    for (let edit = 0; edit < 10; edit += 1) await editTo(`I like figs${'!'.repeat(edit)}`, 200 + edit);
    await endGrace(harness);
    await extract();
    expect(server.calls).toHaveLength(2);
    expect(await work(harness)).toMatchObject([{ status: 'done', revision: 2 }]);
    expect(await deps('one').store.claim('one', 10, 1_000)).toEqual([]);
  });

  it('of a window that is again as it was costs no call, and tells nothing', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract();
    const before = await eventTypes(harness);
    await editTo('I like figs', 200);
    await editTo('I like plums', 201);
    await endGrace(harness);
    expect(await extract()).toEqual({ settled: true, changes: 0 });
    expect(server.calls).toHaveLength(1);
    expect(await eventTypes(harness)).toEqual(before);
    expect(await work(harness)).toEqual([
      { status: 'done', changed: false, revision: 1, window_revision: 1 },
    ]);
  });

  it('is made when the stage has another version, or failed the time before', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.script(replies.refusal());
    await extract();
    expect(await work(harness)).toMatchObject([{ status: 'failed', revision: 1 }]);
    const again = async (by = deps('one')): Promise<void> => {
      await harness.pool.query(
        `update afterword.extractions set status = 'pending', not_before = clock_timestamp()`,
      );
      await extract(by);
    };
    await again();
    expect(await work(harness)).toMatchObject([{ status: 'done', revision: 2 }]);
    await again();
    expect(await work(harness)).toMatchObject([{ status: 'done', revision: 2 }]);
    const better = { stages: [{ ...factsStage, version: 'next' }], model: 'any', ignoresUser: () => false };
    await again({ ...deps('one'), forBot: () => better });
    expect(await work(harness)).toMatchObject([{ status: 'done', revision: 3 }]);
    // An ignored user is nobody's to remember, whatever was learnt before.
    const ignoring = { ...better, ignoresUser: () => true };
    await again({ ...deps('one'), forBot: () => ignoring });
    expect(await currentFacts(harness)).toEqual([]);
    expect(await work(harness)).toMatchObject([{ status: 'skipped', revision: 4 }]);
    await again({ ...deps('one'), forBot: () => ignoring });
    expect(await work(harness)).toMatchObject([{ status: 'skipped', revision: 4 }]);
  });

  it('gives the results of a window that changes faster than the model answers, again and again', async () => {
    await closedWindow(harness, 0, 'I like plums');
    for (let edit = 1; edit <= 3; edit += 1) {
      await endGrace(harness);
      const settled = await extract(deps('one', () => editTo(`I like figs ${edit}`, 200 + edit)));
      expect(settled).toMatchObject({ settled: true });
      expect(await work(harness)).toMatchObject([{ status: 'pending', revision: edit }]);
    }
    expect(await currentFacts(harness)).toEqual(['figs']);
  });
});

describe('a model that is away', () => {
  it('stores nothing, raises no revision, and keeps the window waiting', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.byDefault = replies.overloaded();
    await extract();
    expect(await work(harness)).toEqual([
      { status: 'retrying', changed: false, revision: 0, window_revision: 0 },
    ]);
    expect(await harness.rows('select 1 from afterword.stage_tasks')).toEqual([]);
    server.byDefault = replies.answer(likesOf);
    await endGrace(harness);
    await extract(deps('two'));
    const [told] = await harness.rows<{ event: { revision: number } }>(
      `select event from afterword.outbox where event_type = 'afterword.stage.completed.v1'`,
    );
    expect(told?.event.revision).toBe(1);
  });
});
