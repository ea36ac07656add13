import { readSchemaVersions } from '../../adapters/postgres/migrate.ts';
import { readServerFacts, type ServerFacts } from '../../adapters/postgres/read-server.ts';
import { readSettings } from '../../adapters/postgres/run-settings.ts';
import type { Config } from '../../config/config.ts';
import { settingDifferences, toRunConfiguration } from '../../config/run-configuration.ts';
import type { OpenDatabase } from '../../resources.ts';
import { differenceHints, differenceText, settingsLine } from '../format-settings.ts';
import { checkDeletes } from './check-deletes.ts';
import { fail, looking, ok, warn, type Finding } from './check.ts';

const oldestServer = 140_000;
const tolerableSkewMs = 5_000;

export interface DatabaseFindings {
  readonly findings: readonly Finding[];
  /** The tables are there, as this binary needs them. */
  readonly isUsable: boolean;
}

/** Reachable, new enough, writable, with the rights, the schema and the settings that are needed, a clock like ours, and deletes that meet messages. */
export async function checkDatabase(config: Config, database: OpenDatabase): Promise<DatabaseFindings> {
  const server = await looking('postgres', unreachableHint(database), async () => {
    const beforeMs = Date.now();
    const facts = await readServerFacts(database.pool);
    const skewMs = facts.nowMs - (beforeMs + Date.now()) / 2;
    return [judgeServer(database, facts), ...judgeRights(facts), judgeClock(skewMs), ...judgeViews(facts)];
  });
  // Told whenever the server answered at all.
  const isReached = server.some(({ check }) => check === 'clocks');
  if (!isReached) return { findings: server, isUsable: false };
  const schema = await looking('schema', 'run `afterword migrate`', () => checkSchema(database));
  const isUsable = schema.every(({ state }) => state === 'ok');
  const stored = isUsable
    ? [...(await checkSettings(config, database)), ...(await checkDeletes(database))]
    : [];
  return { findings: [...server, ...schema, ...stored], isUsable };
}

function unreachableHint({ embedded }: OpenDatabase): string {
  return embedded
    ? 'look at the server log in DATA_DIR'
    : 'check that Postgres at DATABASE_URL is running and that user and password are right';
}

function judgeServer({ label }: OpenDatabase, facts: ServerFacts): Finding {
  if (facts.versionNumber < oldestServer) {
    return fail('postgres', `${label}: version ${facts.version} is too old`, 'use Postgres 14 or newer');
  }
  if (facts.isStandby) {
    return fail(
      'postgres',
      `${label} is a standby, which takes no writes`,
      'name the primary in DATABASE_URL',
    );
  }
  if (facts.encoding !== 'UTF8') {
    return fail(
      'postgres',
      `${label} has the encoding ${facts.encoding}, which cannot hold every message`,
      'create the database with encoding UTF8',
    );
  }
  return ok('postgres', `${label}, version ${facts.version}`);
}

function judgeRights({ mayCreateSchema, ownsSchema, hasGist }: ServerFacts): Finding[] {
  if (ownsSchema === false) {
    return [
      warn(
        'postgres rights',
        'this user may not change schema afterword',
        'let its owner run `afterword migrate`, and start `afterword run --no-migrate`',
      ),
    ];
  }
  if (ownsSchema === undefined && !mayCreateSchema) {
    return [fail('postgres rights', 'this user may not create a schema', 'grant it create on the database')];
  }
  if (!hasGist) {
    return [
      fail(
        'postgres rights',
        'the extension btree_gist is not available',
        'install postgresql-contrib on the server',
      ),
    ];
  }
  return [ok('postgres rights', 'the schema can be made and changed')];
}

function judgeClock(skewMs: number): Finding {
  const size = Math.abs(skewMs);
  if (size <= tolerableSkewMs)
    return ok('clocks', `the database's differs from this machine's by ${Math.round(size)} ms`);
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  const says = `the database's is ${Math.round(size / 1_000)} s ${direction} this machine's`;
  return warn('clocks', says, 'synchronise them: leases and closing go by the database’s clock');
}

function judgeViews({ movedViews }: ServerFacts): Finding[] {
  if (movedViews.length === 0) return [];
  const says = `${movedViews.join(', ')} ${movedViews.length === 1 ? 'is' : 'are'} in schema afterword_compat`;
  return [ok('views', says)];
}

async function checkSchema({ pool }: OpenDatabase): Promise<Finding[]> {
  const { database, binary } = await readSchemaVersions(pool);
  const says = `version ${database}, this binary needs ${binary}`;
  if (database === binary) return [ok('schema', says)];
  return [
    database > binary
      ? fail('schema', says, 'use a binary of the newer version; migrations only go forward')
      : warn('schema', says, 'run `afterword migrate`; `afterword run` does it too'),
  ];
}

function checkSettings(config: Config, { pool }: OpenDatabase): Promise<readonly Finding[]> {
  return looking('settings', 'check the database', async () => {
    const standing = await readSettings(pool);
    const differences =
      standing === undefined ? [] : settingDifferences(standing, toRunConfiguration(config));
    if (differences.length === 0) return [ok('settings', settingsLine(standing))];
    return differences.map((difference) =>
      warn('settings', differenceText(difference), differenceHints[difference.kind]),
    );
  });
}
