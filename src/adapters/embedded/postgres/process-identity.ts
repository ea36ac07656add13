import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { z } from 'zod';

import { isAlive } from './postmaster.ts';

/** One process for good: a pid alone is given to another program sooner or later. */
export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  /** When the process was started, in whatever form the system tells it; only compared. */
  startedAt: z.string(),
  host: z.string(),
  /** Changes with every boot. */
  boot: z.string(),
  /** Pids are counted anew in every container. */
  pidSpace: z.string(),
});

export type ProcessIdentity = Readonly<z.infer<typeof processIdentitySchema>>;

/** `out-of-sight`: in another container or on another machine that sees the same folder. */
type ProcessSighting = 'running' | 'gone' | 'out-of-sight';

export async function identifyThisProcess(): Promise<ProcessIdentity> {
  const pidSpace = await readlink('/proc/self/ns/pid').catch(() => '');
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const startedAt = (await startOf(process.pid)) ?? '';
  return { pid: process.pid, startedAt, host: hostname(), boot: boot.trim(), pidSpace };
}

export async function sight(other: ProcessIdentity, self: ProcessIdentity): Promise<ProcessSighting> {
  if (other.host !== self.host) return 'out-of-sight';
  // The same machine has booted since: nothing of then is running.
  if (other.boot !== self.boot) return 'gone';
  if (other.pidSpace !== self.pidSpace) return 'out-of-sight';
  if (!isAlive(other.pid)) return 'gone';
  return (await startOf(other.pid)) === other.startedAt ? 'running' : 'gone';
}

/** Undefined when there is no such process, or only its unburied entry. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return startFromProc(pid);
  // Windows tells it to nobody without a library; there the pid has to do.
  if (process.platform === 'win32') return isAlive(pid) ? '' : undefined;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  }).catch(() => ({ stdout: '' }));
  return stdout.trim() === '' ? undefined : stdout.trim();
}

async function startFromProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The program's name stands in brackets and may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  return state === 'Z' ? undefined : started;
}
