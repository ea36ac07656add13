import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import type { TestProject } from 'vitest/node';

import { startKafka, type TestKafka } from './kafka.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { transpileSource } from './transpile-source.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of a real broker; undefined where there is none. */
    kafkaBrokers: string | undefined;
    /** Why there is no broker; empty when there is one. */
    kafkaMissing: string;
    /** URL of a server where tests may create databases; undefined where there is none. */
    postgresUrl: string | undefined;
    postgresMissing: string;
  }
}

let kafka: TestKafka | undefined;
let postgres: TestPostgres | undefined;

/**
 * Starts the real services once per run, both at once, and only those that a chosen test file
 * names: Kafka in its text, Postgres in its text or as a test of services by its suffix.
 */
export async function setup(project: TestProject): Promise<void> {
  const texts = await readChosenTests(project);
  const names = (service: RegExp): boolean => texts.some((text) => service.test(text));
  if (names(/afterword-process|worker-process|line-under-test/)) await transpileSource();
  [kafka, postgres] = await Promise.all([
    switchedOff('AFTERWORD_TEST_NO_KAFKA') ?? (names(/kafka/i) ? startKafka() : notNamed),
    switchedOff('AFTERWORD_TEST_NO_POSTGRES') ??
      (names(/postgres|database|\.(int|e2e)\.test\.ts/i) ? startPostgres() : notNamed),
  ]);
  project.provide('kafkaBrokers', kafka.available ? kafka.brokers : undefined);
  project.provide('kafkaMissing', kafka.available ? '' : kafka.reason);
  project.provide('postgresUrl', postgres.available ? postgres.url : undefined);
  project.provide('postgresMissing', postgres.available ? '' : postgres.reason);
  await report('Kafka', kafka);
  await report('Postgres', postgres);
}

export async function teardown(): Promise<void> {
  await Promise.all([stop(kafka), stop(postgres)]);
}

async function stop(service: TestKafka | TestPostgres | undefined): Promise<void> {
  if (service?.available === true) await service.stop();
}

type Missing = Extract<TestKafka, { available: false }>;
const notNamed: Missing = { available: false, reason: 'no chosen test file names it' };

function switchedOff(variable: string): Missing | undefined {
  if (process.env[variable] !== '1') return undefined;
  return { available: false, reason: `${variable}=1` };
}

/** On a user's machine the suites are skipped and say so; in CI a missing part would hide a failure. */
async function report(name: string, service: TestKafka | TestPostgres): Promise<void> {
  if (service.available || service === notNamed) return;
  const line = `${name} is not available (${service.reason}): the tests that need it are skipped`;
  if (process.env['CI'] === undefined || process.env['CI'] === '') {
    process.stderr.write(`${line}\n`);
    return;
  }
  await teardown();
  throw new Error(`${name} is not available (${service.reason}), and CI runs every test`);
}

/**
 * The paths and texts of the test files that the command line names. Anything on it that is
 * not a path counts as "all files": starting too much is slow, too little would skip.
 */
async function readChosenTests(project: TestProject): Promise<string[]> {
  const words = process.argv.slice(2).filter((word) => !['run', 'watch', 'dev'].includes(word));
  const paths = words.filter((word) => !word.startsWith('-'));
  const named = paths.every((word) => existsSync(word)) ? paths : [];
  const { testFiles } = await project.globTestFiles(named);
  return Promise.all(testFiles.map(async (file) => `${file}\n${await readFile(file, 'utf8')}`));
}
