import type pg from 'pg';

/** What the server tells of itself and of our rights, whether or not anything was migrated. */
export interface ServerFacts {
  readonly version: string;
  /** As `server_version_num`: 140000 and up is Postgres 14. */
  readonly versionNumber: number;
  readonly encoding: string;
  /** Replays another server's log and takes no writes. */
  readonly isStandby: boolean;
  readonly mayCreateSchema: boolean;
  /** May change schema `afterword`; undefined: there is none yet. */
  readonly ownsSchema: boolean | undefined;
  /** The extension btree_gist is there or can be made. */
  readonly hasGist: boolean;
  /** Views for existing bots that are not in public, because their names were taken. */
  readonly movedViews: readonly string[];
  /** The server's clock, epoch milliseconds. */
  readonly nowMs: number;
}

/** One statement over system catalogues. Rejects with what the driver throws: for the doctor, who tells it by its code. */
export async function readServerFacts(pool: pg.Pool): Promise<ServerFacts> {
  const { rows } = await pool.query<ServerRow>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
       current_setting('server_encoding') as encoding, pg_is_in_recovery() as is_standby,
       has_database_privilege(current_database(), 'create') as may_create,
       -- \`case\`: asking about a schema that is not there is an error.
       case when to_regnamespace('afterword') is not null
         then has_schema_privilege('afterword', 'create') end as owns_schema,
       exists (select 1 from pg_available_extensions where name = 'btree_gist') as has_gist,
       array(select relname::text from pg_class where relnamespace = to_regnamespace('afterword_compat')
         and relkind = 'v' order by relname) as moved_views,
       (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the server gave no row');
  return {
    version: row.version,
    versionNumber: row.number,
    encoding: row.encoding,
    isStandby: row.is_standby,
    mayCreateSchema: row.may_create,
    ownsSchema: row.owns_schema ?? undefined,
    hasGist: row.has_gist,
    movedViews: row.moved_views,
    nowMs: Number(row.now_ms),
  };
}

interface ServerRow {
  version: string;
  number: number;
  encoding: string;
  is_standby: boolean;
  may_create: boolean;
  owns_schema: boolean | null;
  has_gist: boolean;
  moved_views: string[];
  now_ms: string;
}
