import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { absentAsUndefined, embeddedPostgresError, systemCode, useDatabaseUrlHint } from './failure.ts';

/**
 * What lies where below DATA_DIR/postgres:
 *
 *     data/             the cluster, as Postgres lays it out
 *     data.….new/       a cluster in the making; of no use to anybody when left behind
 *     connection.json   port and password (0600)
 *     server.log        what the server says about itself; no text of users
 *     owners/           who owns the server (ownership.ts)
 *     guests/           who else uses it (guests.ts)
 */
export interface Place {
  readonly root: string;
  readonly cluster: string;
  readonly connectionFile: string;
  readonly logFile: string;
  readonly owners: string;
  readonly guests: string;
}

const connectionSchema = z.object({ port: z.number().int().positive(), password: z.string().min(16) });

export type Connection = Readonly<z.infer<typeof connectionSchema>>;

/** @throws AfterwordError EMBEDDED_POSTGRES when the folders cannot be made or belong to somebody else. */
export async function preparePlace(dataDir: string): Promise<Place> {
  const root = path.join(path.resolve(dataDir), 'postgres');
  const place: Place = {
    root,
    cluster: path.join(root, 'data'),
    connectionFile: path.join(root, 'connection.json'),
    logFile: path.join(root, 'server.log'),
    owners: path.join(root, 'owners'),
    guests: path.join(root, 'guests'),
  };
  try {
    // 0700: the password lies here, and as root other people's projects are near.
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const folder of [place.owners, place.guests]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await giveToFolderOwner(folder);
    }
    await writeAtomically(path.join(root, '.writable'), '');
  } catch (error) {
    throw embeddedPostgresError('the folder of the embedded Postgres cannot be used', {
      hint: hintFor(systemCode(error)),
      cause: error,
      details: { folder: root, reason: systemCode(error) ?? 'unknown' },
    });
  }
  return place;
}

function hintFor(code: string | undefined): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return `the disk of DATA_DIR is full, ${useDatabaseUrlHint}`;
  if (code === 'EACCES' || code === 'EPERM') {
    return `DATA_DIR belongs to another account: start Afterword under that one, choose another DATA_DIR, ${useDatabaseUrlHint}`;
  }
  return `let DATA_DIR be a folder that you may write to, ${useDatabaseUrlHint}`;
}

/** Undefined before the first start. */
export async function readConnection(place: Place): Promise<Connection | undefined> {
  const text = await absentAsUndefined(readFile(place.connectionFile, 'utf8'));
  if (text === undefined) return undefined;
  const parsed = connectionSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw embeddedPostgresError('connection.json of the embedded Postgres cannot be read', {
    hint: 'it holds the only copy of the password: restore it, or start with another DATA_DIR',
    details: { file: place.connectionFile },
  });
}

export async function writeConnection(place: Place, connection: Connection): Promise<void> {
  await writeAtomically(place.connectionFile, `${JSON.stringify(connection)}\n`);
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Readers see the old content or the new one, never a part. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(beside, text, { mode: 0o600 });
  await giveToFolderOwner(beside);
  await rename(beside, file);
}

/** What root writes into somebody's folder must not lock that somebody out of it afterwards. */
export async function giveToFolderOwner(file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(path.dirname(file));
  await chown(file, uid, gid);
}
