import { until } from '../../support/until.ts';
import type { BenchDatabase } from '../line/bench-database.ts';
import type { BenchLine } from '../line/bench-line.ts';
import type { ChatLoad } from '../load/chat-load.ts';
import { fillTopic } from '../load/fill-topic.ts';

/** Closed windows that wait for extraction, made by the product itself of a load that is long over. */
export async function makeClosedWindows(
  line: BenchLine,
  database: BenchDatabase,
  topic: string,
  load: ChatLoad,
): Promise<void> {
  await fillTopic(line.kafka, topic, load.records());
  const worker = line.startWorker('consume', 'make-windows', {
    KAFKA_MESSAGES_TOPIC: topic,
    KAFKA_GROUP_ID: topic,
    DATABASE_URL: database.url,
    SESSION_GRACE: '1s',
  });
  const closed = async (): Promise<number> => {
    const { rows } = await database.pool.query<{ count: string }>(
      'select count(*) from afterword.extractions',
    );
    return Number(rows[0]?.count);
  };
  await until(`${load.windows} windows to close`, async () => (await closed()) === load.windows, {
    deadlineMs: 600_000,
  }).finally(() => worker.stop());
}
