import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { describeWithKafka } from '../support/kafka-suite.ts';

/** What a reader of the file may rely on. A number that could not be measured is null. */
const documentSchema = z.object({
  date: z.iso.datetime(),
  /** Null outside a repository. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{4,40}$/)
    .nullable(),
  machine: z.object({
    cpu: z.string(),
    cores: z.number().int().positive(),
    memoryGb: z.number().positive(),
    kernel: z.string(),
    node: z.string(),
    loadAverage: z.number(),
  }),
  versions: z.record(z.string(), z.string()),
  settings: z.object({ quick: z.boolean(), profile: z.boolean(), messages: z.number().nullable() }),
  postgres: z.looseObject({ server_version: z.string(), fsync: z.enum(['on', 'off']) }),
  benchmarks: z.array(
    z.object({
      name: z.string(),
      about: z.string(),
      startedAt: z.iso.datetime(),
      tookSeconds: z.number(),
      failure: z.string().optional(),
      result: z
        .object({
          measurements: z.array(
            z.object({
              what: z.string(),
              value: z.number().nullable(),
              unit: z.string(),
              goal: z.union([z.object({ atLeast: z.number() }), z.object({ atMost: z.number() })]).optional(),
            }),
          ),
          details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
          notes: z.array(z.string()).optional(),
        })
        .nullable(),
    }),
  ),
});

// Whether the bench runs and what it writes; never how fast anything was. A real Postgres too.
describeWithKafka('npm run bench', (brokers) => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'afterword-bench-test-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('measures what it is asked for, prints the table, and writes a well-formed file and the profiles', async (context) => {
    const databaseUrl = inject('postgresUrl');
    if (databaseUrl === undefined) {
      context.skip(`no Postgres: ${inject('postgresMissing')}`);
      return;
    }
    const out = path.join(folder, 'result.json');
    const { code, stdout, stderr } = await runBench(
      ['rewind', '--messages', '500', '--profile', '--out', out],
      {
        KAFKA_BROKERS: brokers.join(','),
        DATABASE_URL: databaseUrl,
      },
    );
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    expect(stdout).toContain('| rewind');
    const document = documentSchema.parse(JSON.parse(await readFile(out, 'utf8')));
    expect(document.settings.messages).toBe(500);
    expect(document.benchmarks.map(({ name }) => name)).toEqual(['rewind']);
    const written = document.benchmarks[0]?.result?.measurements.find(({ what }) => what === 'rows written');
    expect(written?.value).toBe(0);
    const profiles = (await readdir(folder)).find((name) => name.startsWith('profile-')) ?? '';
    expect(await readdir(path.join(folder, profiles))).toEqual(
      ['rewind-before', 'rewind'].flatMap((label) => [`${label}.cpuprofile`, `${label}.profile.txt`]).sort(),
    );
    const summary = await readFile(path.join(folder, profiles, 'rewind.profile.txt'), 'utf8');
    expect(summary).toContain('own time by function');
    expect(summary).toMatch(/ms +[\d.]+ %  .*src/);
  }, 300_000);

  it('names the benchmarks there are when it is asked for another, and measures nothing', async () => {
    const { code, stdout, stderr } = await runBench(['nonsense'], {});
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('there is no benchmark nonsense');
    expect(stderr).toContain('consume-tight');
  });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runBench(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  const program = fileURLToPath(new URL('./main.ts', import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), program, ...args],
      { env: { ...process.env, ...environment } },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}
