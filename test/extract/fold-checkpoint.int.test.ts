import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createPostgresExtractionStore } from '../../src/adapters/postgres/extraction-store.ts';
import { memoryTransaction } from '../../src/adapters/postgres/memory-transaction.ts';
import { extractWindow, type ExtractDeps } from '../../src/extract/extract-window.ts';
import { refold } from '../../src/extract/refold.ts';
import { factMemory, foldFactGroups } from '../../src/memory/fold-facts.ts';
import { foldOn } from '../../src/memory/fold-group.ts';
import { retractFact } from '../../src/memory/manual-observations.ts';
import type { FoldedFact } from '../../src/model/memory.ts';
import type { FactObservation } from '../../src/model/observation.ts';
import { CrashingPool } from '../adapters/postgres/crashing-pool.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import {
  closeAll,
  dayMs,
  deleted,
  logOf,
  messagesTopic,
  minuteMs,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';
import { endGrace, extractDeps, likesOf, words } from './settle-harness.ts';

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

const never = new AbortController().signal;
const group = 'taste:plum';
const owner = { botId: 'aria', userId: 'ann' };

const deps = (by = 'one'): ExtractDeps => extractDeps(harness.pool, server, by);

/** One window an hour; each says the same, in words of its own. */
const said = (hour: number): string => `I like plums, ${hour} of them`;

async function storeWindows(from: number, count: number): Promise<void> {
  const hours = Array.from({ length: count }, (_, index) => from + index);
  await storeClosed(...hours.map((hour) => words(hour * 60, said(hour))));
}

/** Without a grace, so that whatever is over is closed at once. */
async function storeClosed(...values: unknown[]): Promise<void> {
  const position = await harness.store.storedPosition({ topic: messagesTopic, partition: 0 });
  await storeRecords(harness.store, logOf(values, { firstOffset: Number(position ?? 0n) }), 0);
  await closeAll(harness.closing);
}

/** Extracts what waits, in the order in which it is claimed, some at a time as a worker does. */
async function extractAll(by = deps()): Promise<void> {
  await endGrace(harness);
  for (;;) {
    const claims = await by.store.claim(by.owner, 4, 60_000);
    if (claims.length === 0) return;
    await Promise.all(claims.map((claim) => extractWindow(by, claim, never)));
  }
}

async function learnt(windows: number): Promise<void> {
  await storeWindows(0, windows);
  await extractAll();
}

interface CheckpointRow {
  readonly run_id: number;
  readonly upto_ms: string;
  readonly version: string;
  readonly state: string;
}

const checkpoints = (): Promise<CheckpointRow[]> =>
  harness.rows<CheckpointRow>(
    'select run_id, upto_ms, version, state from afterword.fold_checkpoints order by run_id',
  );

async function liveObservations(runId: number): Promise<FactObservation[]> {
  const rows = await harness.rows<{ observation: FactObservation }>(
    'select observation from afterword.observations where superseded_at is null and run_id = $1',
    [runId],
  );
  return rows.map((row) => row.observation);
}

async function storedFacts(runId: number): Promise<FoldedFact[]> {
  const rows = await harness.rows<{ fact: FoldedFact }>(
    'select fact from afterword.facts where run_id = $1',
    [runId],
  );
  return rows.map((row) => row.fact);
}

/** Of what a person retracted the status alone: later words about it change nothing that is written. */
const byId = (facts: readonly FoldedFact[]): Map<string, unknown> =>
  new Map(facts.map((fact) => [fact.factId, fact.status === 'retracted' ? fact.status : fact]));

/** Memory is what a fold of everything gives, and so is what the checkpoint would lead to. */
async function expectExact(runId = 1): Promise<void> {
  const live = await liveObservations(runId);
  const whole = byId(foldFactGroups(live));
  expect(byId(await storedFacts(runId))).toEqual(whole);
  const row = (await checkpoints()).find((one) => one.run_id === runId);
  if (row === undefined) return;
  const uptoMs = Number(row.upto_ms);
  const tail = live.filter((one) => one.occurredAtMs > uptoMs);
  const checkpoint = { group: { ...owner, groupKey: group }, uptoMs, state: row.state };
  const folded = foldOn(factMemory, checkpoint, tail)?.folded;
  if (folded !== undefined) expect(byId(folded)).toEqual(whole);
}

/** Works on the person's memory as a writer does: in a transaction that holds the key's lock. */
async function inMemoryTransaction(
  work: (client: pg.PoolClient, keyId: string) => Promise<void>,
): Promise<void> {
  const client = await harness.pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query<{ key_id: string }>(
      'select key_id from afterword.user_keys for no key update',
    );
    await work(client, rows[0]?.key_id ?? '');
    await client.query('commit');
  } finally {
    client.release();
  }
}

async function refoldRun(runId: number): Promise<void> {
  await inMemoryTransaction(async (client, keyId) => {
    const transaction = memoryTransaction(client, { ...owner, keyId, runId, windowId: null }, []);
    await refold(transaction, { facts: new Set([group]), preferences: new Set() });
  });
}

async function addObservation(observation: FactObservation, runId = 1): Promise<void> {
  await harness.pool.query(
    `insert into afterword.observations
       (observation_id, key_id, run_id, stage, kind, group_key, occurred_at_ms, observation)
     select $1, key_id, $2, 'facts', 'fact', $3, $4, $5 from afterword.user_keys`,
    [observation.observationId, runId, group, observation.occurredAtMs, JSON.stringify(observation)],
  );
}

describe('the checkpoint of a group', { timeout: 180_000 }, () => {
  it('lets a further window read at most the 96 newest of its observations', async () => {
    await learnt(96);
    expect(await checkpoints()).toEqual([]);
    await storeWindows(96, 44);
    await extractAll();
    expect(await checkpoints()).toHaveLength(1);
    await expectExact();
    await inMemoryTransaction(async (client, keyId) => {
      const transaction = memoryTransaction(client, { ...owner, keyId, runId: 1, windowId: null }, []);
      const { live } = await transaction.touchedMemory({ facts: new Set([group]), preferences: new Set() });
      expect(live.facts.length).toBeGreaterThanOrEqual(32);
      expect(live.facts.length).toBeLessThanOrEqual(96);
    });
  });

  it('is not used by a fold of another version, which writes its own', async () => {
    await learnt(100);
    await harness.pool.query(
      `update afterword.fold_checkpoints set version = 'older', state = 'not even JSON'`,
    );
    await storeWindows(100, 1);
    await extractAll();
    const [row] = await checkpoints();
    expect(row?.version).not.toBe('older');
    await expectExact();
  });

  it('gives way to a window that comes late', async () => {
    await learnt(100);
    const [before] = await checkpoints();
    await storeClosed(words(-90, 'I like plums, I said late'));
    await extractAll();
    await expectExact();
    const [after] = await checkpoints();
    expect(after?.state).not.toBe(before?.state);
  });

  it('gives way when windows before it are superseded by a bridge', async () => {
    await learnt(100);
    await storeClosed(words(10 * 60 + 30, 'Still here'));
    await extractAll();
    const statuses = await harness.rows<{ status: string }>(
      `select status from afterword.windows where status = 'superseded'`,
    );
    expect(statuses).toHaveLength(1);
    await expectExact();
    expect((await storedFacts(1))[0]?.windowCount).toBe(99);
  });

  it('keeps no quote of a message that was deleted', async () => {
    await learnt(100);
    const quoting = (): Promise<unknown[]> =>
      harness.rows('select 1 from afterword.fold_checkpoints where state like $1', [`%${said(60)}%`]);
    expect(await quoting()).toHaveLength(1);
    const at60 = { id: `at ${60 * 60}`, atMs: dayMs + 101 * 60 * minuteMs };
    await storeClosed(deleted(at60));
    expect(await quoting()).toEqual([]);
    expect(await checkpoints()).toHaveLength(1);
    await expectExact();
    await extractAll();
    await expectExact();
  });

  it('gives way to a person’s retraction of what was said before it', async () => {
    await learnt(100);
    const [known] = await storedFacts(1);
    if (known === undefined) throw new Error('nothing was learnt');
    const entry = { entryId: 'entry', enteredAtMs: dayMs + 101 * 60 * minuteMs };
    const observationId = '00000000-0000-4000-8000-000000000001';
    await addObservation({ ...retractFact(known, entry), observationId });
    await refoldRun(1);
    await expectExact();
    expect(await storedFacts(1)).toMatchObject([{ status: 'retracted' }]);
    await storeWindows(102, 40);
    await extractAll();
    await expectExact();
    expect(await storedFacts(1)).toMatchObject([{ status: 'retracted' }]);
  });

  it('is each run’s own', async () => {
    await learnt(100);
    const [run] = await harness.rows<{ run_id: number }>(
      `insert into afterword.runs (status) values ('preparing') returning run_id`,
    );
    const other = run?.run_id ?? 0;
    await harness.pool.query(
      `insert into afterword.observations
         (observation_id, key_id, run_id, stage, kind, group_key, occurred_at_ms, observation)
       select gen_random_uuid(), key_id, $1, stage, kind, group_key, occurred_at_ms, observation
       from afterword.observations where occurred_at_ms > $2`,
      [other, dayMs],
    );
    await refoldRun(other);
    const [ofFirst, ofOther] = await checkpoints();
    expect(ofOther?.state).not.toBe(ofFirst?.state);
    await expectExact(other);
    await harness.pool.query('delete from afterword.observations where run_id = $1 and occurred_at_ms < $2', [
      other,
      dayMs + 120 * minuteMs,
    ]);
    expect(await checkpoints()).toEqual([ofFirst]);
    await expectExact();
  });

  it('is written with the window that moved it, or not at all', async () => {
    await learnt(96);
    await storeWindows(96, 1);
    const settleThrough = async (pool: CrashingPool): Promise<boolean> => {
      const dying = deps();
      const through = createPostgresExtractionStore(pool.asPool());
      const store: ExtractDeps['store'] = {
        ...dying.store,
        settle: (...given) => through.settle(...given),
      };
      const [claim] = await dying.store.claim('one', 1, 60_000);
      if (claim === undefined) throw new Error('nothing to claim');
      const settled = await extractWindow({ ...dying, store }, claim, never).then(
        () => true,
        () => false,
      );
      await pool.end();
      await harness.pool.query(
        `update afterword.extractions set lease_expires_at = clock_timestamp() - interval '1 second'
         where status = 'running'`,
      );
      return settled;
    };
    // The statements of a settlement that dies at its last are those of one that lives.
    const statement = await placeOfCheckpoint(settleThrough);
    for (const at of [statement, statement + 1]) {
      expect(await settleThrough(new CrashingPool(harness.url, { statement: at, when: 'after' }))).toBe(
        false,
      );
      expect(await checkpoints()).toEqual([]);
      await expectExact();
    }
    await extractAll();
    expect(await checkpoints()).toHaveLength(1);
    await expectExact();
  });

  it('is right when two processes settle windows of one person at the same time', async () => {
    await learnt(90);
    await storeWindows(90, 30);
    const [one, two] = [deps('one'), extractDeps(harness.openPool(), server, 'two')];
    await Promise.all([extractAll(one), extractAll(two)]);
    expect(await liveObservations(1)).toHaveLength(120);
    expect(await checkpoints()).toHaveLength(1);
    await expectExact();
  });
});

/** Which statement of a settlement writes the checkpoint, as seen by one that dies before it commits. */
async function placeOfCheckpoint(settle: (pool: CrashingPool) => Promise<boolean>): Promise<number> {
  for (let last = 5; ; last += 1) {
    const pool = new CrashingPool(harness.url, { statement: last, when: 'before' });
    await settle(pool);
    const place = pool.statements.findIndex((text) =>
      JSON.stringify(text).includes('insert into afterword.fold_checkpoints'),
    );
    if (place !== -1) return place + 1;
  }
}

describe('the database drops a checkpoint', { timeout: 60_000 }, () => {
  const cut = dayMs + 100 * minuteMs;

  /** One observation at the time given, and a checkpoint up to the cut. */
  async function prepare(atMs: number): Promise<void> {
    await harness.begin();
    await storeWindows(0, 1);
    await extractAll();
    await harness.pool.query('update afterword.observations set occurred_at_ms = $1', [atMs]);
    await keepCheckpoint();
  }

  async function keepCheckpoint(): Promise<void> {
    await harness.pool.query(
      `insert into afterword.fold_checkpoints (key_id, run_id, kind, group_key, upto_ms, version, state)
       select key_id, run_id, kind, group_key, $1, 'any', '{}' from afterword.observations`,
      [cut],
    );
  }

  const changes: Readonly<Record<string, string>> = {
    added: `insert into afterword.observations
        (observation_id, key_id, run_id, stage, kind, group_key, occurred_at_ms, observation)
      select gen_random_uuid(), key_id, run_id, stage, kind, group_key, occurred_at_ms, observation
      from afterword.observations`,
    superseded: `update afterword.observations set superseded_at = clock_timestamp()`,
    'moved to a later time': `update afterword.observations set occurred_at_ms = occurred_at_ms + 1000000`,
    'moved out of the group': `update afterword.observations set group_key = 'taste:pear'`,
    changed: `update afterword.observations set observation = '{}'`,
    deleted: `delete from afterword.observations`,
  };

  it.each(Object.entries(changes))('when an observation at its time is %s', async (_, change) => {
    await prepare(cut);
    await harness.pool.query(change);
    expect(await checkpoints()).toEqual([]);
  });

  it.each(Object.entries(changes))('and keeps it when one after it is %s', async (_, change) => {
    await prepare(cut + 1);
    await harness.pool.query(change);
    expect(await checkpoints()).toHaveLength(1);
  });

  it('when an observation is moved to a time before it', async () => {
    await prepare(cut + 1);
    await harness.pool.query('update afterword.observations set occurred_at_ms = $1', [cut]);
    expect(await checkpoints()).toEqual([]);
  });

  it('when an observation before it is revived', async () => {
    await prepare(cut);
    await harness.pool.query(changes['superseded'] ?? '');
    await keepCheckpoint();
    await harness.pool.query('update afterword.observations set superseded_at = null');
    expect(await checkpoints()).toEqual([]);
  });

  it('of its own group only', async () => {
    await prepare(cut);
    await harness.pool.query(`update afterword.fold_checkpoints set group_key = 'taste:pear'`);
    await harness.pool.query(changes['added'] ?? '');
    expect(await checkpoints()).toHaveLength(1);
  });
});
