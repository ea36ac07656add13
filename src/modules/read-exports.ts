import type { ConfigFault } from '../config/faults.ts';
import { nearestName } from '../config/nearest-name.ts';
import type { DecodeFunction } from '../consume/decode-with.ts';
import type { StageDefinition } from '../extract/define-stage.ts';
import { readDefinition, type DeriveSchema } from './read-definition.ts';

/** What one module gives, and what is wrong with it. */
export interface ModuleReading {
  readonly stages: readonly StageDefinition[];
  readonly decode: DecodeFunction | undefined;
  readonly faults: readonly ConfigFault[];
}

/**
 * Reads what a module exports, `stages` and `decode`, by name or as fields of its
 * default export. `name` stands before every fault.
 */
export function readExports(
  name: string,
  namespace: Readonly<Record<string, unknown>>,
  derive: DeriveSchema,
): ModuleReading {
  const byDefault = isObject(namespace['default']) ? namespace['default'] : {};
  const stages = namespace['stages'] ?? byDefault['stages'];
  const decode = namespace['decode'] ?? byDefault['decode'];
  const listed: readonly unknown[] = Array.isArray(stages) ? stages : [];
  const readings = listed.map((stage) => ({ stage, reading: readDefinition(stage, derive) }));
  const faults = [
    ...(stages === undefined && decode === undefined ? [usesNothing({ ...byDefault, ...namespace })] : []),
    ...(stages === undefined || Array.isArray(stages) ? [] : [exported('stages', 'expected a list')]),
    ...(Array.isArray(stages) && listed.length === 0 && decode === undefined
      ? [exported('stages', 'is an empty list')]
      : []),
    ...(decode === undefined || typeof decode === 'function'
      ? []
      : [exported('decode', 'expected a function')]),
    ...readings.flatMap(({ stage, reading }, index) =>
      reading.ok
        ? []
        : reading.faults.map(({ field, problem }) =>
            exported(
              [`stages.${labelOf(stage, index)}`, field].filter((word) => word !== '').join('.'),
              problem,
            ),
          ),
    ),
  ];
  return {
    stages: readings.flatMap(({ reading }) => (reading.ok ? [reading.definition] : [])),
    // That it is a function is all that can be known before it is called.
    decode: typeof decode === 'function' ? (decode as DecodeFunction) : undefined,
    faults: faults.map(({ place, problem }) => ({
      name: place === '' ? name : `${name} ${place}`,
      problem,
    })),
  };
}

interface ExportFault {
  readonly place: string;
  readonly problem: string;
}

function exported(place: string, problem: string): ExportFault {
  return { place, problem };
}

function usesNothing(namespace: Readonly<Record<string, unknown>>): ExportFault {
  const meant = Object.keys(namespace).find((key) => nearestName(key, ['stages', 'decode']) !== undefined);
  const guess =
    meant === undefined
      ? ''
      : `; did you mean "${String(nearestName(meant, ['stages', 'decode']))}" by "${meant}"?`;
  return exported('', `exports neither \`stages\` nor \`decode\`${guess}`);
}

/** By its name where it has a usable one, else by its place in the list. */
function labelOf(stage: unknown, index: number): string {
  const name = isObject(stage) ? stage['name'] : undefined;
  return typeof name === 'string' && /^[\w-]{1,63}$/.test(name) ? name : String(index);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
