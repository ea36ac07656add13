import { readSchemaVersions } from '../../adapters/postgres/migrate.ts';
import type { OpenDatabase } from '../../resources.ts';
import { fail, looking, ok, warn, type Finding } from './check.ts';

const oldestServer = 140_000;
const tolerableSkewMs = 5_000;

/** Reachable, new enough, with the rights and the schema that are needed, and a clock like ours. */
export function checkDatabase(database: OpenDatabase): Promise<readonly Finding[]> {
  const hint = 'check that Postgres at DATABASE_URL is running and that user and password are right';
  return looking('postgres', hint, async () => {
    const beforeMs = Date.now();
    const { rows } = await database.pool.query<{
      version: string;
      number: number;
      may_create: boolean;
      now_ms: string;
    }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
         has_database_privilege(current_database(), 'create') as may_create,
         (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`,
    );
    const row = rows[0];
    if (row === undefined) return [fail('postgres', 'did not answer', hint)];
    const skewMs = Math.abs(Number(row.now_ms) - (beforeMs + Date.now()) / 2);
    return [
      row.number >= oldestServer
        ? ok('postgres', `${database.label}, version ${row.version}`)
        : fail('postgres', `version ${row.version} is too old`, 'use Postgres 14 or newer'),
      row.may_create
        ? ok('postgres rights', 'the schema can be created')
        : warn('postgres rights', 'this user cannot create a schema', 'let an owner run `afterword migrate`'),
      skewMs <= tolerableSkewMs
        ? ok('clock', `differs from the database's by ${Math.round(skewMs)} ms`)
        : warn(
            'clock',
            `differs from the database's by ${Math.round(skewMs / 1_000)} s`,
            'synchronise the clocks',
          ),
      await checkSchema(database),
    ];
  });
}

async function checkSchema({ pool }: OpenDatabase): Promise<Finding> {
  const { database, binary } = await readSchemaVersions(pool);
  const says = `version ${database}, this binary needs ${binary}`;
  if (database === binary) return ok('schema', says);
  return database > binary
    ? fail('schema', says, 'use a binary of the newer version; migrations only go forward')
    : warn('schema', says, 'run `afterword migrate`; `afterword run` does it too');
}
