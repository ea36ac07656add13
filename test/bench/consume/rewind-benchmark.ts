import type { Admin } from 'kafkajs';
import type pg from 'pg';
import { sizeOf, type Benchmark } from '../benchmark.ts';
import { spreadLoad } from '../load/chat-load.ts';
import { fillTopic } from '../load/fill-topic.ts';
import { runBareConsumer } from './bare-consumer.ts';
import { consumeTopic } from './consume-topic.ts';

const partitions = 8;

/** What the loops beside the reader write, rewind or not: who acts alone, and when the end was last seen. */
const beside = new Set(['leases', 'partition_progress']);

export const rewind: Benchmark = {
  name: 'rewind',
  about: 'the group is set back to the beginning over messages that are stored',
  run: async (line, options) => {
    const messages = sizeOf(options, 400_000, 40_000);
    // Their windows are open and stay so: what is written is then the rewind's doing.
    const load = spreadLoad(messages, Math.ceil(messages / 10), Date.now() - 60_000);
    const topic = await line.createTopic('rewind', partitions);
    const database = await line.createDatabase();
    try {
      const { records } = await fillTopic(line.kafka, topic, load.records());
      const bare = await runBareConsumer(line.brokers, topic, records);
      const bareRate = (records / bare.tookMs) * 1_000;
      await consumeTopic(line, database, { topic, records, label: 'rewind-before' });
      await line.withAdmin((admin) => setBack(admin, topic));
      const before = await readWrites(database.pool);
      const consumed = await consumeTopic(line, database, { topic, records, label: 'rewind' });
      const after = await readWrites(database.pool);
      const written = [...after].filter(([table, rows]) => !beside.has(table) && rows !== before.get(table));
      const changed = written.reduce((sum, [table, rows]) => sum + rows - (before.get(table) ?? 0), 0);
      const rate = (records / consumed.tookMs) * 1_000;
      return {
        measurements: [
          { what: 'messages read again', value: rate, unit: 'a second', goal: { atLeast: 60_000 } },
          { what: 'reference: bare kafkajs eachBatch + JSON.parse', value: bareRate, unit: 'a second' },
          { what: 'share of the bare reader', value: (rate / bareRate) * 100, unit: '%' },
          { what: 'rows written', value: changed, unit: '', goal: { atMost: 0 } },
          { what: 'CPU of the consumer', value: consumed.cpuSeconds, unit: 's' },
          { what: 'CPU of Postgres', value: consumed.postgresCpuSeconds, unit: 's' },
        ],
        details: {
          messages: records,
          partitions,
          tookMs: Math.round(consumed.tookMs),
          tablesWritten: written.map(([table]) => table).join(' '),
        },
      };
    } finally {
      await database.drop();
      await line.removeTopics(topic);
    }
  },
};

/** As an operator would with Kafka's own tools; the group has no member. */
async function setBack(admin: Admin, topic: string): Promise<void> {
  await admin.setOffsets({
    groupId: topic,
    topic,
    partitions: Array.from({ length: partitions }, (_, partition) => ({ partition, offset: '0' })),
  });
}

/**
 * Rows inserted, updated and deleted so far, by table. The workers have disconnected, so
 * their counts have arrived.
 */
async function readWrites(pool: pg.Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ table_name: string; writes: string }>(
    `select relname as table_name, n_tup_ins + n_tup_upd + n_tup_del as writes
     from pg_stat_user_tables where schemaname = 'afterword'`,
  );
  return new Map(rows.map(({ table_name, writes }) => [table_name, Number(writes)]));
}
