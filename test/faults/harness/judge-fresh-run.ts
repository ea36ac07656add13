import { judgeAgainstFreshRun } from '../../oracle/fresh-run.ts';
import type { Violation } from '../../oracle/oracle.ts';
import { createBenchDatabase } from '../../bench/line/bench-database.ts';
import { AnthropicServer } from '../../support/anthropic-server.ts';
import { startWorker } from '../../support/worker-process.ts';
import type { FaultLine } from './fault-line.ts';
import { waitForRest } from './rest.ts';

const restLimitMs = 180_000;

/** Whether one process that reads the line's log from its start, undisturbed, comes to the same. */
export async function judgeFreshRun(line: FaultLine): Promise<readonly Violation[]> {
  const name = `${line.groupId}-fresh`;
  const topics = { ...line.topics, results: `${name}-results`, deadLetter: `${name}-dead` };
  const [database, model] = await Promise.all([
    createBenchDatabase(line.services.postgres.url),
    AnthropicServer.start(),
  ]);
  database.pool.on('error', () => undefined);
  await line.makeTopics(topics.results, topics.deadLetter);
  const place = { databaseUrl: database.url, resultsTopic: topics.results, groupId: name };
  let left: Readonly<Record<string, number>> = {};
  try {
    const differences = await judgeAgainstFreshRun({ databaseUrl: line.database.url }, place, async () => {
      const worker = startWorker('consume,extract,publish', {
        ...line.environment,
        EXTRACT_CONCURRENCY: '8',
        KAFKA_BROKERS: line.services.broker.brokers,
        KAFKA_RESULTS_TOPIC: topics.results,
        KAFKA_DEAD_LETTER_TOPIC: topics.deadLetter,
        KAFKA_GROUP_ID: name,
        DATABASE_URL: database.url,
        ANTHROPIC_BASE_URL: model.baseURL,
      });
      left = await waitForRest({ kafka: line.kafka, topics, groupId: name, database }, restLimitMs);
      await worker.stop();
    });
    const unrested = Object.entries(left).map(([what, count]) => ({
      rule: 'a fresh run comes to rest',
      detail: `${what}: ${count} left`,
    }));
    return [...unrested, ...differences];
  } finally {
    await Promise.all([model.close(), database.drop()]);
  }
}
