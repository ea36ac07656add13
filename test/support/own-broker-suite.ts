import { describe } from 'vitest';
import { resolveKafkaJars } from './kafka-jars.ts';
import { describeWithPostgres } from './kafka-suite.ts';

const jarsMissing = await resolveKafkaJars().then(
  () => undefined,
  (error: unknown) => (error instanceof Error ? error.message.split('\n')[0] : 'unknown'),
);

/** For a broker that the test may kill or set up as it likes: its own, which takes Kafka's jars and Java. */
export const describeWithOwnBroker =
  jarsMissing === undefined
    ? describeWithPostgres
    : (name: string, suite: () => void): void => {
        describe.skip(`${name} (no broker of its own: ${jarsMissing})`, suite);
      };
