import type { Admin } from 'kafkajs';
import { until } from '../../support/until.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import type { BenchDatabase } from '../line/bench-database.ts';
import { firstLogged, type BenchLine } from '../line/bench-line.ts';
import { readPostgresCpu, readUsage } from '../line/process-usage.ts';

export interface TopicRead {
  readonly topic: string;
  readonly records: number;
  /** Names the measurement's profile. */
  readonly label: string;
  /** The group that reads; the topic's own by default. */
  readonly groupId?: string;
}

export interface Consumed {
  /** From the group's join to the commit of the last offset, which follows the last one in Postgres by up to a second. */
  readonly tookMs: number;
  readonly cpuSeconds: number;
  /** NaN where Postgres runs on another machine. */
  readonly postgresCpuSeconds: number;
  readonly peakResidentMb: number;
}

/** Lets the product's own consume role read a topic to its end, in a process of its own. */
export async function consumeTopic(
  line: BenchLine,
  database: BenchDatabase,
  { topic, records, label, groupId = topic }: TopicRead,
): Promise<Consumed> {
  // What filled the database before is not this measurement's to write out.
  await database.pool.query('checkpoint');
  await line.beginProfile(database);
  const worker = line.startWorker('consume', label, {
    KAFKA_MESSAGES_TOPIC: topic,
    KAFKA_GROUP_ID: groupId,
    DATABASE_URL: database.url,
  });
  try {
    const joinedAtMs = await firstLogged(worker, 'consumer.joined');
    const before = readUsage(worker.child.pid);
    const postgresBefore = await readPostgresCpu(database.pool);
    await untilCommitted(line, worker, { topic, groupId, records });
    const tookMs = Date.now() - joinedAtMs;
    const after = readUsage(worker.child.pid);
    const postgresAfter = await readPostgresCpu(database.pool);
    return {
      tookMs,
      cpuSeconds: (after?.cpuSeconds ?? Number.NaN) - (before?.cpuSeconds ?? Number.NaN),
      postgresCpuSeconds: (postgresAfter ?? Number.NaN) - (postgresBefore ?? Number.NaN),
      peakResidentMb: after?.peakResidentMb ?? Number.NaN,
    };
  } finally {
    await worker.stop();
    await line.keepProfile(label, database);
  }
}

/** Waits until the group has committed so many records of the topic. */
export async function untilCommitted(
  line: BenchLine,
  worker: WorkerProcess,
  { topic, groupId, records }: { readonly topic: string; readonly groupId: string; readonly records: number },
): Promise<void> {
  const readCommitted = async (admin: Admin): Promise<number> => {
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  };
  await line.withAdmin((admin) =>
    until(
      `${records} records to be committed`,
      async () => {
        if (worker.child.exitCode !== null) throw new Error(`the worker has ended: ${worker.output()}`);
        return (await readCommitted(admin)) >= records;
      },
      // Each look costs this machine something; the product commits once a second anyway.
      { deadlineMs: 900_000, everyMs: 200 },
    ),
  );
}
