import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';

/** What a process has used. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentMb: number;
  readonly peakResidentMb: number;
}

/** Of Linux, whatever the machine: `sysconf(_SC_CLK_TCK)` is 100 on all that Node runs on. */
const ticksPerSecond = 100;

/** Undefined where the machine has no /proc, or no such process. */
export function readUsage(pid: number | undefined): ProcessUsage | undefined {
  const stat = pid === undefined ? undefined : readStat(pid);
  if (pid === undefined || stat === undefined) return undefined;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: stat.ownTicks / ticksPerSecond,
    residentMb: kilobytesOf(status, 'VmRSS') / 1_024,
    peakResidentMb: kilobytesOf(status, 'VmHWM') / 1_024,
  };
}

/**
 * CPU seconds of a Postgres on this machine so far, all its processes together, those that
 * have ended included; undefined when it runs elsewhere.
 */
export async function readPostgresCpu(pool: pg.Pool): Promise<number | undefined> {
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = rows[0] === undefined ? undefined : readStat(rows[0].pid);
  if (backend?.name !== 'postgres') return undefined;
  const server = readStat(backend.parent);
  const living = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat?.parent === backend.parent);
  const ticks = living.reduce((sum, stat) => sum + (stat?.ownTicks ?? 0), 0);
  return (ticks + (server?.ownTicks ?? 0) + (server?.endedChildrenTicks ?? 0)) / ticksPerSecond;
}

interface Stat {
  readonly name: string;
  readonly parent: number;
  readonly ownTicks: number;
  readonly endedChildrenTicks: number;
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; what follows it is fields.
    const nameEnd = text.lastIndexOf(')');
    const fields = text
      .slice(nameEnd + 2)
      .split(' ')
      .map(Number);
    return {
      name: text.slice(text.indexOf('(') + 1, nameEnd),
      parent: fields[1] ?? 0,
      ownTicks: (fields[11] ?? 0) + (fields[12] ?? 0),
      endedChildrenTicks: (fields[13] ?? 0) + (fields[14] ?? 0),
    };
  } catch {
    return undefined;
  }
}

function kilobytesOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1] ?? Number.NaN);
}
