import type pg from 'pg';
import { sizeOf, type Benchmark, type BenchmarkResult } from '../benchmark.ts';
import type { BenchLine } from '../line/bench-line.ts';
import { mixedLoad, spreadLoad, tightLoad, type ChatLoad } from '../load/chat-load.ts';
import { fillTopic } from '../load/fill-topic.ts';
import { runStreams, type StreamsResult } from '../kafka-streams/run-streams.ts';
import { runBareConsumer } from './bare-consumer.ts';
import { consumeTopic } from './consume-topic.ts';

const partitions = 8;

export const consumeTight: Benchmark = {
  name: 'consume-tight',
  about: 'Kafka to durable windows; a batch holds ten messages of a window',
  run: (line, options) => {
    const messages = sizeOf(options, 400_000, 40_000);
    return measureConsume(line, 'consume-tight', tightLoad(messages, Date.now() - 3_600_000), 60_000);
  },
};

export const consumeSpread: Benchmark = {
  name: 'consume-spread',
  about: 'Kafka to durable windows; a batch holds one message of each window',
  run: (line, options) => {
    const messages = sizeOf(options, 400_000, 40_000);
    // A fetch brings at most about 3,000 of these records of a partition.
    const windows = Math.min(40_000, Math.ceil(messages / 2));
    const load = spreadLoad(messages, windows, Date.now() - 60_000);
    return measureConsume(line, 'consume-spread', load, 30_000);
  },
};

/** Beside its two siblings, whose every message is new and in order. */
export const consumeMixed: Benchmark = {
  name: 'consume-mixed',
  about: 'as tight, with late messages, edits, deletes and duplicates among them',
  run: (line, options) => {
    const messages = sizeOf(options, 400_000, 40_000);
    const load = mixedLoad(messages, Date.now() - 3_600_000);
    return measureConsume(line, 'consume-mixed', load, 60_000, 'it drops what comes late');
  },
};

async function measureConsume(
  line: BenchLine,
  label: string,
  load: ChatLoad,
  goal: number,
  noStreams?: string,
): Promise<BenchmarkResult> {
  const topic = await line.createTopic(label, partitions);
  const { records, bytes } = await fillTopic(line.kafka, topic, load.records());
  line.note(`${label}: ${records} records published`);
  const bare = await runBareConsumer(line.brokers, topic, records);
  const bareRate = (records / bare.tookMs) * 1_000;
  line.note(`${label}: bare kafkajs read them with ${Math.round(bareRate)} a second`);
  const streams: StreamsResult =
    noStreams === undefined
      ? await runStreams(line, topic, { messages: records, partitions })
      : { ran: false, reason: noStreams };
  const streamsRate = streams.ran ? (records / streams.tookMs) * 1_000 : Number.NaN;
  if (streams.ran) line.note(`${label}: Kafka Streams took ${Math.round(streamsRate)} a second`);
  const database = await line.createDatabase();
  try {
    const consumed = await consumeTopic(line, database, { topic, records, label });
    const stored = await readStored(database.pool);
    requireEverything(load, stored);
    const rate = (records / consumed.tookMs) * 1_000;
    return {
      measurements: [
        { what: 'records durable in Postgres', value: rate, unit: 'a second', goal: { atLeast: goal } },
        { what: 'reference: bare kafkajs eachBatch + JSON.parse', value: bareRate, unit: 'a second' },
        {
          what: 'share of the bare reader',
          value: (rate / bareRate) * 100,
          unit: '%',
          goal: { atLeast: 12 },
        },
        ...(streams.ran
          ? [
              { what: 'reference: Kafka Streams session windows', value: streamsRate, unit: 'a second' },
              { what: 'times Kafka Streams', value: rate / streamsRate, unit: '×', goal: { atLeast: 4 } },
            ]
          : []),
        { what: 'peak resident memory', value: consumed.peakResidentMb, unit: 'MB' },
        { what: 'CPU of the consumer', value: consumed.cpuSeconds, unit: 's' },
        { what: 'CPU of Postgres', value: consumed.postgresCpuSeconds, unit: 's' },
        {
          what: 'messages for each CPU second of both',
          value: records / (consumed.cpuSeconds + consumed.postgresCpuSeconds),
          unit: '',
        },
      ],
      details: {
        records,
        messages: stored.messages,
        windows: stored.windows,
        edited: stored.edited,
        deleted: stored.deleted,
        users: load.users,
        partitions,
        bytesPerMessage: Math.round(bytes / records),
        tookMs: Math.round(consumed.tookMs),
        bareTookMs: Math.round(bare.tookMs),
        bareCpuMs: Math.round(bare.cpuMs),
        ...(streams.ran && { streamsTookMs: streams.tookMs, streamsWindowsEmitted: streams.emitted }),
      },
      notes: streams.ran ? [] : [`Kafka Streams was left out: ${streams.reason}`],
    };
  } finally {
    await database.drop();
    await line.removeTopics(topic);
  }
}

interface Stored {
  readonly messages: number;
  readonly windows: number;
  readonly edited: number;
  readonly deleted: number;
}

async function readStored(pool: pg.Pool): Promise<Stored> {
  const { rows } = await pool.query<Record<keyof Stored, string>>(
    `select (select count(*) from afterword.messages) as messages,
       (select count(*) from afterword.windows where status in ('open', 'closed')) as windows,
       (select count(*) from afterword.messages where changed_at_ms is not null and not deleted) as edited,
       (select count(*) from afterword.messages where deleted) as deleted`,
  );
  const [row] = rows;
  return {
    messages: Number(row?.messages),
    windows: Number(row?.windows),
    edited: Number(row?.edited),
    deleted: Number(row?.deleted),
  };
}

/** A rate is worth nothing when something was left out. */
function requireEverything(load: ChatLoad, stored: Stored): void {
  if (stored.messages === load.messages && stored.windows === load.windows) return;
  throw new Error(
    `expected ${load.messages} messages in ${load.windows} windows, found ${stored.messages} in ${stored.windows}`,
  );
}
