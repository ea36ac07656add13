/**
 * `npm run faults -- [--repeat N] [--only WORDS,WORDS] [--seed N] [--long] [--keep FOLDER]`: every fault of the
 * list against real processes, a real broker and a real Postgres, each followed by the oracle.
 * Exit code 1 when anything was violated. `--long` adds the outages of a minute; `--keep`
 * writes what the processes said where something was violated.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { allCases, longCases } from './cases/all-cases.ts';
import type { FaultCase } from './cases/fault-case.ts';
import { seedOf } from './harness/random.ts';
import { startFaultServices } from './harness/services.ts';
import { CaseRunner, type CaseOutcome } from './run-cases.ts';

const { values } = parseArgs({
  options: {
    repeat: { type: 'string', default: '1' },
    only: { type: 'string' },
    seed: { type: 'string' },
    long: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});
const seed = seedOf(values.seed);
const repeat = Number(values.repeat);
const chosen = chooseCases(values.only);

// Leaving in good order kills the workers; the services end with this process by themselves.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

print(`seed ${seed}, ${chosen.length} faults, ${repeat} times`);
const services = await startFaultServices();
let judged = 0;
let violated = 0;
try {
  for (let round = 0; round < repeat; round += 1) await runRound(round);
} finally {
  await services.stop();
}
print(`${judged - violated} passed, ${violated} failed`);
if (violated > 0) process.exitCode = 1;

async function runRound(round: number): Promise<void> {
  const roundSeed = seed + round;
  print(`round ${round + 1} of ${repeat}, seed ${roundSeed}`);
  const runner = new CaseRunner(services, roundSeed, keep);
  try {
    for (const fault of chosen) tell(await runner.run(fault));
    const fresh = await runner.runFresh();
    if (fresh !== undefined) tell(fresh);
    const { published = 0, kills = 0 } = runner.figures();
    print(`  ${published} records published, ${kills} kills`);
  } finally {
    await runner.close();
  }
}

function tell({ name, tookMs, violations, counts }: CaseOutcome): void {
  judged += 1;
  if (violations.length > 0) violated += 1;
  const told = Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');
  print(`  ${violations.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${(tookMs / 1_000).toFixed(1)} s; ${told})`);
  for (const { rule, detail } of violations) print(`         ${rule}: ${detail}`);
}

async function keep(fault: FaultCase, outputs: ReadonlyMap<string, string>): Promise<void> {
  if (values.keep === undefined) return;
  const folder = path.join(values.keep, fault.name.replaceAll(/[^a-z0-9]+/giu, '-'));
  await mkdir(folder, { recursive: true });
  for (const [member, output] of outputs) await writeFile(path.join(folder, `${member}.log`), output);
}

function chooseCases(words: string | undefined): readonly FaultCase[] {
  const all = values.long ? [...allCases, ...longCases] : allCases;
  const known = [...allCases, ...longCases];
  const wanted = words?.split(',');
  const found =
    wanted === undefined ? all : known.filter(({ name }) => wanted.some((some) => name.includes(some)));
  if (found.length > 0) return found;
  print(`there is no fault with the words ${String(words)}; there are:`);
  for (const { name } of known) print(`  ${name}`);
  process.exit(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
