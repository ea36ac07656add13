/**
 * The reference: kafkajs `eachBatch` and `JSON.parse`, nothing else, in a process of its
 * own. Arguments: brokers, topic, messages. Prints one line of JSON.
 */
import kafkajs from 'kafkajs';

const [brokers = '', topic = '', expected = '0'] = process.argv.slice(2);
const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
// What the product asks its broker for too.
const consumer = kafka.consumer({
  groupId: `bare-${topic}-${process.pid}`,
  maxBytesPerPartition: 1_048_576,
  maxWaitTimeInMs: 250,
});
let messages = 0;
let characters = 0;
let joinedMs = 0;
let joinedCpu = process.cpuUsage();
consumer.on(consumer.events.GROUP_JOIN, () => {
  joinedMs = performance.now();
  joinedCpu = process.cpuUsage();
});
const finished = new Promise<void>((resolve) => {
  void (async () => {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      partitionsConsumedConcurrently: 4,
      eachBatch: ({ batch }) => {
        for (const { value } of batch.messages) {
          const event = JSON.parse(value?.toString('utf8') ?? 'null') as { content?: string };
          characters += event.content?.length ?? 0;
        }
        messages += batch.messages.length;
        if (messages >= Number(expected)) resolve();
        return Promise.resolve();
      },
    });
  })();
});
await finished;
const tookMs = performance.now() - joinedMs;
const cpu = process.cpuUsage(joinedCpu);
await consumer.disconnect();
process.stdout.write(
  `${JSON.stringify({ messages, characters, tookMs, cpuMs: (cpu.user + cpu.system) / 1_000 })}\n`,
);
