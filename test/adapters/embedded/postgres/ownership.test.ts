import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  claimOwnership,
  enterPhase,
  isHeld,
  readOwner,
} from '../../../../src/adapters/embedded/postgres/ownership.ts';
import {
  identifyThisProcess,
  type ProcessIdentity,
} from '../../../../src/adapters/embedded/postgres/process-identity.ts';

let folder: string;
let self: ProcessIdentity;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'afterword-owners-'));
  self = await identifyThisProcess();
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a process that was killed leaves behind: its pid has gone to another program since. */
function dead(): ProcessIdentity {
  return { ...self, startedAt: 'long ago' };
}

describe('claiming the server', () => {
  it('lets exactly one of many win', async () => {
    const claims = await Promise.all(Array.from({ length: 30 }, () => claimOwnership(folder, self)));
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
  });

  it('lets exactly one of many take a dead owner’s place, however often it dies', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const claims = await Promise.all(Array.from({ length: 10 }, () => claimOwnership(folder, dead())));
      const highest = await readOwner(folder);
      const winners = claims.filter((claim) => claim?.generation === highest?.generation);
      expect(winners).toHaveLength(1);
    }
  });

  it('is refused while the owner lives, whatever it is doing', async () => {
    const owner = await claimOwnership(folder, self);
    for (const phase of ['ready', 'leaving'] as const) {
      if (owner !== undefined) await enterPhase(folder, owner, phase);
      expect(await claimOwnership(folder, self)).toBeUndefined();
    }
  });

  it('is free again once the owner has released, and its number is never used twice', async () => {
    const first = await claimOwnership(folder, self);
    if (first !== undefined) await enterPhase(folder, first, 'released');
    const second = await claimOwnership(folder, self);
    expect([first?.generation, second?.generation]).toEqual([1, 2]);
    expect(await readdir(folder)).toEqual(['000002.json']);
  });

  it('knows a reused pid by the time that the process was started', async () => {
    await claimOwnership(folder, dead());
    expect((await claimOwnership(folder, self))?.generation).toBe(2);
  });

  it('takes everything of before the machine’s last boot for dead', async () => {
    await claimOwnership(folder, { ...self, boot: 'another' });
    expect((await claimOwnership(folder, self))?.generation).toBe(2);
  });

  it('refuses to share the folder with a living owner on another machine', async () => {
    const owner = await claimOwnership(folder, { ...self, host: 'elsewhere' });
    if (owner === undefined) throw new Error('the first claim succeeds');
    const asked = isHeld(owner, folder, self);
    await enterPhase(folder, owner, 'ready');
    await expect(asked).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES' });
  });
});
