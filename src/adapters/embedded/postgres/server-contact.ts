import { randomBytes } from 'node:crypto';
import { readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';

import { databaseName, roleName } from './initialise-cluster.ts';
import { giveToFolderOwner, type Connection, type Place } from './place.ts';
import { isAlive } from './postmaster.ts';

export function connectionUrl({ port, password }: Connection): string {
  return `postgres://${roleName}:${password}@127.0.0.1:${port}/${databaseName}`;
}

/**
 * Whether the server at this port is the one that has this very folder: it is asked
 * to read a file that was written there a moment ago. A port says nothing (the
 * folder may be a copy of one whose server is running), nor does a pid.
 */
export async function serves(place: Place, connection: Connection): Promise<boolean> {
  const proof = randomBytes(12).toString('hex');
  const file = path.join(place.cluster, `afterword-proof-${proof}`);
  const client = new pg.Client({
    connectionString: connectionUrl(connection),
    application_name: 'afterword embedded',
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks while idle has nobody else to tell.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await writeFile(file, proof);
    await giveToFolderOwner(file);
    const { rows } = await client.query<{ read: string }>('select pg_read_file($1) as read', [
      path.basename(file),
    ]);
    return rows[0]?.read === proof;
  } catch {
    return false;
  } finally {
    await rm(file, { force: true });
    await client.end().catch(() => undefined);
  }
}

/**
 * Whether this pid can be the server of this cluster. Told from the program and the
 * folder that it works in; where the system does not tell, a living pid is believed.
 */
export async function canBeServer(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  if (state === '' || state.includes(') Z ')) return false;
  try {
    const program = path.basename(await readlink(`/proc/${pid}/exe`)).replace(' (deleted)', '');
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster)]);
    return program === 'postgres' && its.ino === ours.ino && its.dev === ours.dev;
  } catch {
    // Another account's process does not show this. Its program's name is open to all.
    return state.includes('(postgres)');
  }
}
