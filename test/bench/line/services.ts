import pg from 'pg';
import { startKafka, type TestKafka } from '../../support/kafka.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

/**
 * Postgres as a production server has it: what is committed is on the disk. Only its
 * memory and the room for WAL are larger than the defaults, as every guide advises;
 * everything else is what the server does by itself.
 */
const durableSettings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  max_connections: 200,
};

/** The compilers and heap that a broker has by default, kept small. */
const brokerJvm = ['-Xmx1g', '-XX:+UseG1GC'];

export interface Services {
  readonly brokers: string;
  readonly kafkaVersion: string;
  /** A server where databases may be made. */
  readonly postgresUrl: string;
  stop(): Promise<void>;
}

/** `withStatements`: Postgres counts and times its statements, which costs it a little. */
export async function startServices({ withStatements }: { withStatements: boolean }): Promise<Services> {
  const settings = {
    ...durableSettings,
    ...(withStatements && {
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track_planning': 'on',
    }),
  };
  const [kafka, postgres] = await Promise.all([startKafka(brokerJvm), startPostgres(settings)]);
  const stop = async (): Promise<void> => {
    await Promise.all([kafka, postgres].map((service) => stopService(service)));
  };
  if (!kafka.available || !postgres.available) {
    await stop();
    throw new Error(`a service is missing: ${reasonOf(kafka)}${reasonOf(postgres)}`);
  }
  return { brokers: kafka.brokers, kafkaVersion: kafka.version, postgresUrl: postgres.url, stop };
}

async function stopService(service: TestKafka | TestPostgres): Promise<void> {
  if (service.available) await service.stop();
}

function reasonOf(service: TestKafka | TestPostgres): string {
  return service.available ? '' : service.reason;
}

/** The settings that decide what a commit costs, as the server has them. */
const telling = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum',
  'wal_compression',
  'jit',
  'shared_preload_libraries',
];

export async function readPostgresSettings(url: string): Promise<Readonly<Record<string, string>>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      'select name, current_setting(name) as setting from pg_settings where name = any($1) order by name',
      [telling],
    );
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  } finally {
    await client.end();
  }
}
