import { readFileSync } from 'node:fs';

/** What a process has used; undefined where the machine has no /proc. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentMb: number;
  readonly peakResidentMb: number;
}

/** Of Linux, whatever the machine: `sysconf(_SC_CLK_TCK)` is 100 on all that Node runs on. */
const ticksPerSecond = 100;

export function readUsage(pid: number | undefined): ProcessUsage | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  try {
    // The name in parentheses may hold anything; what follows it is fields.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      residentMb: kilobytesOf(status, 'VmRSS') / 1_024,
      peakResidentMb: kilobytesOf(status, 'VmHWM') / 1_024,
    };
  } catch {
    return undefined;
  }
}

function kilobytesOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1] ?? Number.NaN);
}
