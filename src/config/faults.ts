import { AfterwordError } from '../errors.ts';

/**
 * One thing that is wrong with the configuration. Never holds a value: any value
 * could be a secret that was put under the wrong name.
 */
export interface ConfigFault {
  /** A variable, or the file's variable and the path inside: `AFTERWORD_CONFIG session.gap`. */
  readonly name: string;
  readonly problem: string;
}

export function expected(name: string, whatIsRight: string, hint?: string): ConfigFault {
  return { name, problem: `expected ${whatIsRight}${hint === undefined ? '' : ` (${hint})`}` };
}

/** Every fault at once, by name. */
export function configInvalid(faults: readonly ConfigFault[]): AfterwordError {
  const lines = faults.map(({ name, problem }) => `  ${name}: ${problem}`);
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new AfterwordError('CONFIG_INVALID', [`the configuration has ${count}:`, ...lines].join('\n'), {
    hint: 'docs/CONFIGURATION.md lists every setting with its form and default.',
    details: { faults: faults.length },
  });
}
