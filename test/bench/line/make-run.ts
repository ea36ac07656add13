import type { BenchDatabase } from './bench-database.ts';
import { firstLogged, type BenchLine } from './bench-line.ts';

/** The settings in force are stored by the first start of a worker: for whoever seeds the tables before another. */
export async function makeRun(line: BenchLine, database: BenchDatabase, topic: string): Promise<void> {
  const worker = line.startWorker('consume', 'make-run', consumeEnvironment(database, topic));
  await firstLogged(worker, 'consumer.joined');
  await worker.stop();
}

export function consumeEnvironment(database: BenchDatabase, topic: string): Readonly<Record<string, string>> {
  return { KAFKA_MESSAGES_TOPIC: topic, KAFKA_GROUP_ID: topic, DATABASE_URL: database.url };
}
