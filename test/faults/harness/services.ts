import { startKafkaNode, type KafkaNode } from '../../support/kafka-from-jars.ts';
import { startPostgresNode, type PostgresNode } from '../../support/postgres-node.ts';
import { transpileSource } from '../../support/transpile-source.ts';

/** A broker and a Postgres of the faults' own: they are stopped, starved and made read-only. */
export interface FaultServices {
  readonly broker: KafkaNode;
  readonly postgres: PostgresNode;
  stop(): Promise<void>;
}

/**
 * What is committed has to outlive the server's stop, but no power failure. Few connections,
 * so that they can be used up.
 */
const postgresSettings = { fsync: 'off', full_page_writes: 'off', max_connections: 100 };

export async function startFaultServices(): Promise<FaultServices> {
  await transpileSource();
  const [broker, postgres] = await Promise.all([startKafkaNode(), startPostgresNode(postgresSettings)]);
  return {
    broker,
    postgres,
    stop: async () => {
      await Promise.all([broker.stop(), postgres.stop()]);
    },
  };
}
