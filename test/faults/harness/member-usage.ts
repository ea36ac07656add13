import { readdirSync } from 'node:fs';
import { readUsage } from '../../bench/line/process-usage.ts';
import type { FaultLine } from './fault-line.ts';

export interface MemberUsage {
  readonly name: string;
  readonly pid: number;
  /** How often its place was filled so far: with 1, it is the process of the beginning. */
  readonly starts: number;
  readonly residentMb: number;
  /** Open files and sockets. */
  readonly handles: number;
}

/** Of the processes that live now, on machines with /proc. */
export function readMemberUsage({ all }: FaultLine): readonly MemberUsage[] {
  return all.flatMap(({ name, pid, starts }) => {
    const usage = readUsage(pid);
    if (pid === undefined || usage === undefined) return [];
    return [{ name, pid, starts, residentMb: Math.round(usage.residentMb), handles: countHandles(pid) }];
  });
}

function countHandles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
