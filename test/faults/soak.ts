/**
 * `npm run soak -- --minutes N [--seed N] [--out FILE]`: a steady load and one random fault of the list
 * after the other, and the oracle at the end. Prints figures, writes them as JSON; exit code 1
 * when anything was violated.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { allCases } from './cases/all-cases.ts';
import { FaultLine } from './harness/fault-line.ts';
import { judgeFreshRun } from './harness/judge-fresh-run.ts';
import { judgeLine, watchLine } from './harness/judge-line.ts';
import type { Member } from './harness/member.ts';
import { readMemberUsage, type MemberUsage } from './harness/member-usage.ts';
import { seedOf } from './harness/random.ts';
import { startFaultServices } from './harness/services.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string' },
    out: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError('--minutes takes a number above 0');
const seed = seedOf(values.seed);
/** After it, nothing is loaded for the first time any more. */
const warmUpMs = 20_000;
const loadEveryMs = 1_500;
const sampleEveryMs = 60_000;
/** Windows that were revised often wait long. */
const restLimitMs = 600_000;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

print(`seed ${seed}, ${minutes} minutes`);
const services = await startFaultServices();
try {
  await soak();
} finally {
  await services.stop();
}

async function soak(): Promise<void> {
  const line = await FaultLine.start(services, { seed, logLevel: 'info' });
  await line.makeResultsTopic();
  // A relay that is never killed would keep the lease, and no other would ever be at work.
  for (const role of ['consume', 'extract'] as const) await (await line.addWitness(role)).start();
  const endMs = Date.now() + minutes * 60_000;
  const watch = watchLine(line);
  const ending = new AbortController();
  const loading = keepLoading(line, ending.signal);
  await sleep(warmUpMs);
  const atStart = readMemberUsage(line);
  const samples: { readonly minute: number; readonly usage: readonly MemberUsage[] }[] = [];
  const sampling = setInterval(() => {
    samples.push({ minute: samples.length + 1, usage: readMemberUsage(line) });
  }, sampleEveryMs);
  const faults = await meetFaults(line, endMs);
  clearInterval(sampling);
  ending.abort();
  await loading;
  line.calm();
  const judged = await judgeLine(line, restLimitMs);
  const watched = await watch.stop();
  const violations = [...judged.violations, ...watched.violations, ...(await judgeFreshRun(line))];
  const figures = {
    seed,
    minutes,
    published: line.published,
    ...(await countStored(line)),
    modelCalls: line.model.calls.length,
    allowedExtraCalls: line.allowedExtraCalls,
    kills: sumOf(line, (member) => member.kills),
    starts: sumOf(line, (member) => member.starts),
    ownEnds: sumOf(line, (member) => member.ownEnds.length),
    faults,
    usage: { atStart, atEnd: readMemberUsage(line), samples },
    offsetSamples: watched.samples,
    counts: judged.counts,
    violations,
  };
  await line.close();
  print(JSON.stringify(figures, null, 2));
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(figures, null, 2)}\n`);
  print(violations.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
  if (violations.length > 0) process.exitCode = 1;
}

/** How often each was met; those whose point nobody came to are named apart, for they prove nothing. */
async function meetFaults(line: FaultLine, endMs: number): Promise<Record<string, number>> {
  const repeatable = allCases.filter(({ isRepeatable }) => isRepeatable);
  const met: Record<string, number> = {};
  while (Date.now() < endMs) {
    const fault = line.random.pick(repeatable);
    const name = await fault.run(line).then(
      () => fault.name,
      (error: unknown) =>
        `not reached: ${fault.name}: ${error instanceof Error ? error.message : String(error)}`,
    );
    line.calm();
    met[name] = (met[name] ?? 0) + 1;
    print(`${new Date().toISOString()} ${name}`);
    await sleep(line.random.between(0, 3_000));
  }
  return met;
}

async function keepLoading(line: FaultLine, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await line.wave();
    await sleep(loadEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function countStored({ database }: FaultLine): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<Record<string, string>>(
    `select (select count(*) from afterword.messages) as messages,
       (select count(*) from afterword.windows where status in ('open', 'closed')) as windows,
       (select count(*) from afterword.windows where status = 'superseded') as "supersededWindows",
       (select count(*) from afterword.stage_tasks) as "stageResults",
       (select count(*) from afterword.dead_letters) as "deadLetters"`,
  );
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]));
}

function sumOf(line: FaultLine, count: (member: Member) => number): number {
  return line.all.reduce((sum, member) => sum + count(member), 0);
}

function print(words: string): void {
  process.stdout.write(`${words}\n`);
}
