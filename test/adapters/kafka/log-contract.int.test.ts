import { createKafkaRecordSink } from '../../../src/adapters/kafka/record-sink.ts';
import { createKafkaRecordSource } from '../../../src/adapters/kafka/record-source.ts';
import { createKafkaTopicAdmin } from '../../../src/adapters/kafka/topic-admin.ts';
import { defineLogContract } from '../../contracts/log-contract.ts';
import { describeWithKafka } from '../../support/kafka-suite.ts';

describeWithKafka('the Kafka adapters as a log', (brokers) => {
  defineLogContract(() => {
    const connection = { brokers, clientId: 'log-contract' };
    return Promise.resolve({
      createSource: ({ topic, groupId }) =>
        createKafkaRecordSource({
          ...connection,
          topic,
          // Groups are known by name alone: one of its own for each topic of the contract.
          groupId: `${groupId}-${topic}`,
          maxWaitTimeMs: 100,
          sessionTimeoutMs: 6_000,
        }),
      createSink: () => createKafkaRecordSink(connection),
      createAdmin: () => {
        const admin = createKafkaTopicAdmin(connection);
        return { ...admin, offsets: (topic, groupId) => admin.offsets(topic, `${groupId}-${topic}`) };
      },
      memberArguments: ({ topic, groupId }) => ['kafka', brokers.join(','), topic, `${groupId}-${topic}`],
      close: () => Promise.resolve(),
    });
  });
});
