import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import path from 'node:path';
import type pg from 'pg';
import { beginStatements, readStatements, type StatementTime } from './statement-times.ts';
import { summarizeFiles, summarizeProfile, type ProfileLine } from './summarize-profile.ts';

const functionsShown = 40;
const filesShown = 20;
const statementsShown = 20;

/** Where --profile leaves a CPU profile and the statements' times of every worker. */
export class ProfileFolder {
  readonly #folder: string;
  #countsStatements = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(folder: string): Promise<ProfileFolder> {
    await mkdir(folder, { recursive: true });
    return new ProfileFolder(folder);
  }

  /** For the worker: loads the profiler before its own code. */
  environmentFor(label: string): Readonly<Record<string, string>> {
    const loader = import.meta.resolve('tsx');
    const profiler = new URL('./profiler-program.ts', import.meta.url).href;
    return {
      NODE_OPTIONS: `--import=${loader} --import=${profiler}`,
      AFTERWORD_BENCH_PROFILE: this.#fileOf(label, 'cpuprofile'),
    };
  }

  async begin(pool: pg.Pool): Promise<void> {
    this.#countsStatements = await beginStatements(pool);
  }

  /** Returns what to show; the files hold all of it. */
  async keep(label: string, pool: pg.Pool): Promise<readonly string[]> {
    const statements = this.#countsStatements ? await readStatements(pool, statementsShown) : [];
    const text = await readFile(this.#fileOf(label, 'cpuprofile'), 'utf8');
    const profile = JSON.parse(text) as Profiler.Profile;
    const lines = [
      `profile of ${label}: own time by file`,
      ...summarizeFiles(profile, filesShown).map(profileLine),
      `profile of ${label}: own time by function`,
      ...summarizeProfile(profile, functionsShown).map(profileLine),
      this.#countsStatements ? `statements of ${label}` : 'this Postgres has no pg_stat_statements',
      ...statements.map(statementLine),
    ];
    await writeFile(this.#fileOf(label, 'profile.txt'), `${lines.join('\n')}\n`);
    return lines;
  }

  #fileOf(label: string, ending: string): string {
    return path.join(this.#folder, `${label}.${ending}`);
  }
}

function profileLine({ what, selfMs, share }: ProfileLine): string {
  return `${selfMs.toFixed(0).padStart(8)} ms ${(share * 100).toFixed(1).padStart(5)} %  ${what}`;
}

function statementLine(time: StatementTime): string {
  const numbers = [
    `${time.totalMs.toFixed(0).padStart(8)} ms`,
    `plan ${time.planMs.toFixed(0)} ms`,
    `${time.calls} calls`,
    `${time.meanMs.toFixed(2)} ms each`,
    `${time.rows} rows`,
    `${time.walMb.toFixed(1)} MB WAL`,
    `${time.sharedReads} reads`,
  ];
  return `${numbers.join(', ')}: ${time.statement.slice(0, 300)}`;
}
