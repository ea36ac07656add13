import { request } from 'node:http';

import { startKafkaFromJars } from './kafka-from-jars.ts';

export type TestKafka =
  | {
      readonly available: true;
      readonly brokers: string;
      /** What runs, for people who compare runs. */
      readonly version: string;
      stop(): Promise<void>;
    }
  | { readonly available: false; readonly reason: string };

/**
 * A real Kafka for one run of the tests: the one of KAFKA_BROKERS, else a
 * container, else a broker from Apache's jars on the machine's own Java, for which the
 * options of its JVM may be given.
 */
export async function startKafka(jvm?: readonly string[]): Promise<TestKafka> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined && given !== '') {
    return { available: true, brokers: given, version: 'of KAFKA_BROKERS', stop: () => Promise.resolve() };
  }
  try {
    return (await dockerAnswers()) ? await startContainer() : await startKafkaFromJars(jvm);
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : 'unknown' };
  }
}

const image = 'confluentinc/cp-kafka:8.1.0';

async function startContainer(): Promise<TestKafka> {
  // Loaded only here: it is large, and a machine without Docker has no use for it.
  const { KafkaContainer } = await import('@testcontainers/kafka');
  const container = await new KafkaContainer(image)
    .withKraft()
    .withEnvironment({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
    })
    .start();
  return {
    available: true,
    version: image,
    brokers: `${container.getHost()}:${container.getMappedPort(9093)}`,
    stop: async () => {
      await container.stop();
    },
  };
}

function dockerAnswers(): Promise<boolean> {
  if (process.env['DOCKER_HOST'] !== undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const ping = request(
      { socketPath: '/var/run/docker.sock', path: '/_ping', timeout: 2_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    ping.once('timeout', () => ping.destroy());
    ping.once('error', () => {
      resolve(false);
    });
    ping.end();
  });
}
