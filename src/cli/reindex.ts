import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { translating } from '../adapters/postgres/database-errors.ts';
import { inTransaction } from '../adapters/postgres/transaction.ts';
import { createPostgresVectorOutbox } from '../adapters/postgres/vector-outbox.ts';
import { enqueueAllVectors } from '../adapters/postgres/vector-outbox-rows.ts';
import { indexVectorsOnce } from '../publish/index-vectors.ts';
import type { VectorOutbox } from '../publish/vector-outbox.ts';
import { openVectors } from '../vectors.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { roughly } from './format-text.ts';

const leaseMs = 120_000;
const batchSize = 100;
/** Between looks at the work of another process that holds the indexer's lease. */
const pauseMs = 250;
const showEveryMs = 2_000;
/** Counting more rows than this tells nobody more. */
const countedRows = 1_000_000;

/**
 * Enqueues every summary and fact, and works until none of them waits any more: by itself, or
 * beside a process that is the indexer already. Interrupted, what is enqueued stays for whoever
 * runs next.
 */
export async function runReindex(context: CommandContext): Promise<ExitCode> {
  const { config, output, signal } = context;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const vectors = await openVectors(config, database, signal);
    await vectors.index.check();
    await translating(() => inTransaction(database.pool, enqueueAllVectors));
    const outbox = createPostgresVectorOutbox(database.pool);
    const owner = `reindex/${randomUUID()}`;
    const options = { ...vectors, outbox, owner, leaseMs, batchSize, signal };
    const done = await workOff(context, outbox, () => indexVectorsOnce(options));
    output.out(`indexed ${done} rows of memory in ${vectors.index.label}`);
    return 0;
  } finally {
    await database.stop();
  }
}

/** Until nothing waits; returns how many rows that were. */
async function workOff(
  { output, signal }: CommandContext,
  outbox: VectorOutbox,
  pass: () => Promise<{ readonly active: boolean }>,
): Promise<number> {
  const startedMs = Date.now();
  let shownMs = startedMs;
  // The first pass may find the index new, and enqueue everything for it once more.
  let most = await outbox.backlog(countedRows);
  for (;;) {
    signal.throwIfAborted();
    const { active } = await pass();
    const left = await outbox.backlog(countedRows);
    most = Math.max(most, left);
    if (left === 0) return most;
    if (!active) await sleep(pauseMs, undefined, { signal });
    if (Date.now() - shownMs < showEveryMs) continue;
    shownMs = Date.now();
    const done = most - left;
    const time = done === 0 ? '' : `, ${roughly((left / done) * (shownMs - startedMs))} left`;
    output.progress(`${done} of ${most} rows${time}`);
  }
}
