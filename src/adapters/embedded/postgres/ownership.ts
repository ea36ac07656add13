import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { absentAsUndefined, embeddedPostgresError, systemCode, useDatabaseUrlHint } from './failure.ts';
import { giveToFolderOwner, parseJson, writeAtomically } from './place.ts';
import { processIdentitySchema, sight, type ProcessIdentity } from './process-identity.ts';

/**
 * Who owns the server, as files `owners/000001.json`, `000002.json`, … The highest
 * number is the owner; a number is never used twice. That is what makes taking a dead
 * owner's place safe: with one file that is deleted and made again, a slow process
 * could delete the file of the one who was quicker.
 *
 *     claim     1. see that the highest owner has released, or is dead
 *               2. create the next number (fails when somebody else has)
 *               3. see that it is the highest (a slow claimer's is not: it withdraws)
 *               4. delete the lower ones
 *
 * Should two ever own, Postgres's own lock still lets only one server have the folder.
 */
const ownerSchema = z.object({
  /** starting → ready → leaving → released. Only a released or dead owner's place can be taken. */
  phase: z.enum(['starting', 'ready', 'leaving', 'released']),
  holder: processIdentitySchema,
});

type OwnerPhase = z.infer<typeof ownerSchema>['phase'];

export interface Owner {
  readonly generation: number;
  readonly phase: OwnerPhase;
  readonly holder: ProcessIdentity;
}

/** An owner whom we cannot see running is believed to live while its file is touched. */
const heartbeatWatchMs = 15_000;

/** The owner as last written; undefined before there was one. */
export async function readOwner(folder: string): Promise<Owner | undefined> {
  for (;;) {
    const generation = await highestGeneration(folder);
    if (generation === 0) return undefined;
    const text = await absentAsUndefined(readFile(fileOf(folder, generation), 'utf8'));
    // Deleted between the two reads: there is a higher one by now.
    if (text === undefined) continue;
    return { generation, ...readRecord(text, folder) };
  }
}

function readRecord(text: string, folder: string): z.infer<typeof ownerSchema> {
  const parsed = ownerSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw embeddedPostgresError('the record of who owns the embedded Postgres cannot be read', {
    hint: 'see that no Afterword is running with this DATA_DIR, then delete that folder',
    details: { folder },
  });
}

/** Undefined when somebody else owns the server, or was quicker. */
export async function claimOwnership(folder: string, self: ProcessIdentity): Promise<Owner | undefined> {
  const current = await readOwner(folder);
  if (current !== undefined && (await isHeld(current, folder, self))) return undefined;
  const generation = (current?.generation ?? 0) + 1;
  const owner: Owner = { generation, phase: 'starting', holder: self };
  if (!(await createOnce(folder, owner))) return undefined;
  if ((await highestGeneration(folder)) !== generation) {
    await rm(fileOf(folder, generation), { force: true });
    return undefined;
  }
  await deleteOthers(folder, generation);
  return owner;
}

export async function isHeld(owner: Owner, folder: string, self: ProcessIdentity): Promise<boolean> {
  if (owner.phase === 'released') return false;
  const sighting = await sight(owner.holder, self);
  if (sighting !== 'out-of-sight') return sighting === 'running';
  if (!(await isTouched(fileOf(folder, owner.generation)))) return false;
  throw embeddedPostgresError('another machine or container is using this DATA_DIR', {
    hint: `give each its own DATA_DIR, ${useDatabaseUrlHint} that both can reach`,
    details: { host: owner.holder.host },
  });
}

/** Watches instead of comparing clocks, which may differ between two machines. */
async function isTouched(file: string): Promise<boolean> {
  const before = (await absentAsUndefined(stat(file)))?.mtimeMs;
  for (let waitedMs = 0; waitedMs < heartbeatWatchMs; waitedMs += 500) {
    await sleep(500);
    if ((await absentAsUndefined(stat(file)))?.mtimeMs !== before) return true;
  }
  return false;
}

/** To be called every second or so by the owner. */
export async function touchOwnership(folder: string, owner: Owner, now: Date): Promise<void> {
  await absentAsUndefined(utimes(fileOf(folder, owner.generation), now, now));
}

export async function enterPhase(folder: string, owner: Owner, phase: OwnerPhase): Promise<Owner> {
  const { generation, holder } = owner;
  await writeAtomically(fileOf(folder, generation), JSON.stringify({ phase, holder }));
  return { generation, phase, holder };
}

/** `link` fails when the name exists, and the file is whole from its first moment. */
async function createOnce(folder: string, { generation, phase, holder }: Owner): Promise<boolean> {
  const beside = path.join(folder, `${randomBytes(6).toString('hex')}.tmp`);
  await writeFile(beside, JSON.stringify({ phase, holder }), { mode: 0o600 });
  try {
    await giveToFolderOwner(beside);
    await link(beside, fileOf(folder, generation));
    return true;
  } catch (error) {
    // ENOENT: a new owner has just cleaned up, ours included.
    if (systemCode(error) === 'EEXIST' || systemCode(error) === 'ENOENT') return false;
    throw embeddedPostgresError('the folder of the embedded Postgres cannot hold a lock', {
      hint: `let DATA_DIR be on a local disk, ${useDatabaseUrlHint}`,
      cause: error,
    });
  } finally {
    await rm(beside, { force: true });
  }
}

async function deleteOthers(folder: string, generation: number): Promise<void> {
  const own = path.basename(fileOf(folder, generation));
  for (const name of await readdir(folder)) {
    // Somebody higher can be there already, when our own claim is long dead.
    if (name !== own && !(generationOf(name) > generation))
      await rm(path.join(folder, name), { force: true });
  }
}

async function highestGeneration(folder: string): Promise<number> {
  return Math.max(0, ...(await readdir(folder)).map(generationOf));
}

function generationOf(name: string): number {
  return /^\d+\.json$/u.test(name) ? Number.parseInt(name, 10) : 0;
}

function fileOf(folder: string, generation: number): string {
  return path.join(folder, `${String(generation).padStart(6, '0')}.json`);
}
