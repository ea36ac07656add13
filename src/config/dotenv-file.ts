import { parse } from 'dotenv';
import { configInvalid } from './faults.ts';
import { systemCode, type ReadFile } from './read-config-file.ts';
import type { Environment } from './read-environment.ts';

/**
 * The environment with the `.env` of the working directory beneath it. What the
 * environment has wins, the empty text included: `KAFKA_BROKERS= afterword run` unsets
 * what the file sets. A missing file is nothing; one that cannot be read is
 * CONFIG_INVALID. `readFile` resolves paths in the working directory.
 */
export function environmentWithDotenv(environment: Environment, readFile: ReadFile): Environment {
  const set = Object.entries(environment).filter(([, text]) => text !== undefined);
  return { ...parse(readDotenv(readFile)), ...Object.fromEntries(set) };
}

function readDotenv(readFile: ReadFile): string {
  try {
    return readFile('.env');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return '';
    throw configInvalid([{ name: '.env', problem: `the file could not be read (${code})` }]);
  }
}
