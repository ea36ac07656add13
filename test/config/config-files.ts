import { isAfterwordError } from '../../src/errors.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Config } from '../../src/config/config.ts';

/** A `readFile` over texts held in memory, failing as `node:fs` does. */
export function filesOf(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = files[path];
    if (text !== undefined) return text;
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
  };
}

export const noFiles = filesOf({});

export function configOf(environment: Record<string, string>, file?: unknown): Config {
  if (file === undefined) return loadConfig(environment, noFiles);
  return loadConfig(
    { AFTERWORD_CONFIG: 'afterword.json', ...environment },
    filesOf({ 'afterword.json': typeof file === 'string' ? file : JSON.stringify(file) }),
  );
}

/** The lines of the faults that an environment and a file give; fails when there are none. */
export function faultsOf(environment: Record<string, string>, file?: unknown): string[] {
  try {
    configOf(environment, file);
  } catch (error) {
    if (!isAfterwordError(error) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error('the configuration was accepted');
}
