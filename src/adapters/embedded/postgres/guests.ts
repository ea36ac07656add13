import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

import { absentAsUndefined } from './failure.ts';
import { parseJson, writeAtomically } from './place.ts';
import { processIdentitySchema, sight, type ProcessIdentity } from './process-identity.ts';

/**
 * Those who use a server that another process owns. A guest registers before it looks
 * at the owner, and an owner announces that it leaves before it looks for guests: so
 * at least one of them sees the other, and no server is stopped under a guest.
 */
export async function registerGuest(folder: string, self: ProcessIdentity): Promise<string> {
  const file = path.join(folder, `${self.pid}-${randomBytes(6).toString('hex')}.json`);
  await writeAtomically(file, JSON.stringify(self));
  return file;
}

export async function unregisterGuest(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** How many guests are running; what dead ones left behind is deleted. */
export async function countGuests(folder: string, self: ProcessIdentity): Promise<number> {
  let running = 0;
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (await isRunningGuest(file, self)) running += 1;
    else if (name.endsWith('.json')) await unregisterGuest(file);
  }
  return running;
}

async function isRunningGuest(file: string, self: ProcessIdentity): Promise<boolean> {
  const text = file.endsWith('.json') ? await absentAsUndefined(readFile(file, 'utf8')) : undefined;
  const guest = processIdentitySchema.safeParse(parseJson(text ?? ''));
  return guest.success && (await sight(guest.data, self)) === 'running';
}
