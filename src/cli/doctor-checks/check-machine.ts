import type { Config } from '../../config/config.ts';
import { fail, ok, warn, type Finding } from './check.ts';

/** This binary did not exist before. */
const earliestMs = Date.UTC(2026, 0, 1);
const oldestNode = [20, 12] as const;

export interface Machine {
  readonly nodeVersion: string;
  readonly nowMs: number;
}

/** The configuration's doubts, and the machine that reads it. */
export function checkMachine(config: Config, machine: Machine): readonly Finding[] {
  return [...configuration(config), node(machine), clock(machine)];
}

function configuration({ warnings }: Config): Finding[] {
  if (warnings.length === 0) return [ok('configuration', 'no faults')];
  return warnings.map((warning) => warn('configuration', warning, 'see docs/CONFIGURATION.md'));
}

function node({ nodeVersion }: Machine): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  return isOld
    ? fail('node', `version ${nodeVersion} is too old`, `use Node ${oldestNode.join('.')} or newer`)
    : ok('node', `version ${nodeVersion}`);
}

function clock({ nowMs }: Machine): Finding {
  const says = `it is ${new Date(nowMs).toISOString().slice(0, 19)}Z here`;
  return nowMs < earliestMs
    ? fail('machine clock', says, 'set the clock of this machine')
    : ok('machine clock', says);
}
