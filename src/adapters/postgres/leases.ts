import type pg from 'pg';
import { prepared } from './prepared.ts';

/**
 * Takes free or expired leases and renews our own, where half of their time is over: a loop asks
 * with each round, and most rounds then write nothing and wait for no disk. Returns the names held
 * now, for half of `ttlMs` at least. One statement: the row lock decides between two that come
 * together. Expiry is judged by the database's clock alone. The epoch rises when the owner changes.
 */
export async function holdLeases(
  client: Pick<pg.ClientBase, 'query'>,
  names: readonly string[],
  owner: string,
  ttlMs: number,
): Promise<string[]> {
  if (names.length === 0) return [];
  const { rows } = await client.query<{ name: string }>(
    prepared(
      `with fresh as (
         select name from afterword.leases
         where name = any($1::text[]) and owner = $2
           and expires_at > clock_timestamp() + $3 * interval '0.5 milliseconds'),
       taken as (
         insert into afterword.leases as l (name, owner, epoch, expires_at)
         select t.name, $2, 1, clock_timestamp() + $3 * interval '1 millisecond'
         from unnest($1::text[]) as t (name)
         where t.name not in (select name from fresh) order by t.name
         on conflict (name) do update
         set owner = excluded.owner, expires_at = excluded.expires_at,
             epoch = l.epoch + case when l.owner = excluded.owner then 0 else 1 end
           where l.owner = excluded.owner or l.expires_at < clock_timestamp()
         returning name)
       select name from fresh union all select name from taken`,
      [names, owner, ttlMs],
    ),
  );
  return rows.map((row) => row.name);
}

/**
 * Whether the lease is ours, checked inside the writing transaction. `for share` makes a
 * takeover wait for this transaction, so that two owners never write at the same time.
 */
export async function stillHolds(client: pg.ClientBase, name: string, owner: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select 1 from afterword.leases
     where name = $1 and owner = $2 and expires_at > clock_timestamp() for share`,
    [name, owner],
  );
  return rowCount === 1;
}

/** Gives leases up at once, so that a successor need not wait for their expiry. */
export async function releaseLeases(
  client: Pick<pg.ClientBase, 'query'>,
  prefix: string,
  owner: string,
): Promise<void> {
  await client.query(
    `with held as (
       select name from afterword.leases where owner = $2 and starts_with(name, $1) order by name for update
     )
     update afterword.leases l set expires_at = clock_timestamp() - interval '1 second'
     from held where l.name = held.name`,
    [prefix, owner],
  );
}
