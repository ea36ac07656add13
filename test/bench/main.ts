/**
 * `npm run bench -- [names] [--quick] [--messages N] [--profile] [--out FILE]`: the numbers
 * of DESIGN.md section 8 on a real Kafka and a real Postgres. Exit code 1 when a benchmark
 * failed to run; a goal that was missed is no failure, for it depends on the machine.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { benchmarks } from './benchmarks.ts';
import { BenchLine } from './line/bench-line.ts';
import { readPostgresSettings, startServices, type Services } from './line/services.ts';
import { ProfileFolder } from './profile/profile-folder.ts';
import { readCommit } from './report/commit.ts';
import { describeMachine, readPackageVersions } from './report/machine.ts';
import { renderTable } from './report/render-table.ts';
import { runBenchmarks, type BenchmarkOutcome } from './run-benchmarks.ts';

const resultsFolder = fileURLToPath(new URL('./results/', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    messages: { type: 'string' },
    profile: { type: 'boolean', default: false },
    // Given by `npm run bench`, which builds first.
    built: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const startedAt = new Date();
const chosen = chooseBenchmarks(positionals);
const messages = values.messages === undefined ? undefined : parseCount(values.messages);
const stamp = startedAt.toISOString().replaceAll(/[:.]/gu, '-');
const out = values.out ?? path.join(resultsFolder, `${stamp}.json`);

// Leaving in good order kills the workers; the services end with this process by themselves.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

note('starting Kafka and Postgres');
const services = await startServices({ withStatements: values.profile });
try {
  const profiles = values.profile
    ? await ProfileFolder.create(path.join(path.dirname(out), `profile-${stamp}`))
    : undefined;
  const line = new BenchLine(services, { profiles, built: values.built }, note);
  const outcomes = await runBenchmarks(chosen, line, { messages, quick: values.quick });
  await report(outcomes, services);
  if (outcomes.some(({ result }) => result === null)) process.exitCode = 1;
} finally {
  await services.stop();
}

async function report(
  outcomes: readonly BenchmarkOutcome[],
  { postgresUrl, kafkaVersion }: Services,
): Promise<void> {
  const rows = outcomes.flatMap(({ name, result }) =>
    (result?.measurements ?? []).map((measured) => ({ benchmark: name, ...measured })),
  );
  process.stdout.write(`${renderTable(rows).join('\n')}\n`);
  for (const { name, result } of outcomes) {
    for (const words of result?.notes ?? []) process.stdout.write(`${name}: ${words}\n`);
  }
  await mkdir(path.dirname(out), { recursive: true });
  const document = {
    date: startedAt.toISOString(),
    commit: readCommit(),
    machine: describeMachine(),
    versions: { ...readPackageVersions(), kafka: kafkaVersion },
    settings: {
      quick: values.quick,
      profile: values.profile,
      built: values.built,
      messages: messages ?? null,
    },
    postgres: await readPostgresSettings(postgresUrl),
    benchmarks: outcomes,
  };
  await writeFile(out, `${JSON.stringify(document, null, 2)}\n`);
  note(`written: ${out}`);
}

function chooseBenchmarks(names: readonly string[]): readonly Benchmark[] {
  if (names.length === 0) return benchmarks;
  return names.map((name) => {
    const found = benchmarks.find((benchmark) => benchmark.name === name);
    if (found !== undefined) return found;
    note(`there is no benchmark ${name}; there are ${benchmarks.map((one) => one.name).join(', ')}`);
    process.exit(2);
  });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  note(`--messages takes a number above 0, not ${text}`);
  process.exit(2);
}

function note(words: string): void {
  process.stderr.write(`${words}\n`);
}
