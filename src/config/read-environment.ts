import { expected, type ConfigFault } from './faults.ts';
import type { Kind } from './kinds.ts';
import { variableNames, variables, type PartialValues, type Values } from './variables.ts';
import type { Variable } from './variables/variable.ts';

/** As `process.env` is: names and texts. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Reading {
  readonly values: PartialValues;
  readonly faults: readonly ConfigFault[];
}

/** The variables that are set. An empty text counts as unset, spaces around it are dropped. */
export function readEnvironment(environment: Environment): Reading {
  const values: Record<string, unknown> = {};
  const faults: ConfigFault[] = [];
  for (const name of variableNames) {
    const text = environment[name]?.trim() ?? '';
    if (text === '') continue;
    const kind: Kind<unknown> = variables[name].kind;
    const parsed = kind.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(expected(name, kind.expected, kind.hint?.(text)));
  }
  // Each value came from its own name's kind, which is what PartialValues says.
  return { values, faults };
}

/** What holds for everything that is set nowhere. */
export function defaultValues(): PartialValues {
  const defaults = variableNames.flatMap((name) => {
    const variable: Variable<unknown> = variables[name];
    return 'byDefault' in variable ? [[name, variable.kind.schema.parse(variable.byDefault)] as const] : [];
  });
  return Object.fromEntries(defaults);
}

/** Later ones win; a setting that is undefined there does not hide an earlier one. */
export function mergeValues(...readings: readonly PartialValues[]): Values {
  const set = readings.flatMap((values) => Object.entries(values).filter(([, value]) => value !== undefined));
  // The defaults, merged first, hold every setting that is not optional.
  return Object.fromEntries(set) as Values;
}
