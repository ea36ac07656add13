import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { deepFreeze } from '../config/deep-freeze.ts';
import { configInvalid, type ConfigFault } from '../config/faults.ts';
import { stageNameFaults } from '../config/stage-names.ts';
import { toStage } from '../extract/own-stage.ts';
import { importModule } from './import-module.ts';
import { noModules, type LoadedModules } from './loaded-modules.ts';
import type { DeriveSchema } from './read-definition.ts';
import { readExports, type ModuleReading } from './read-exports.ts';

/** A configuration with what its modules add. */
export interface Extended {
  readonly config: Config;
  readonly modules: LoadedModules;
}

/** What a program that embeds Afterword gives by itself, as a module would export it. */
export interface GivenModule {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

interface NamedReading extends ModuleReading {
  /** As the configuration names it. */
  readonly module: string;
  /** As a fault names it. */
  readonly label: string;
}

/**
 * Loads the configured modules, in their order. Nothing of a module is used before all
 * of them have been looked at.
 *
 * @throws AfterwordError CONFIG_INVALID with every fault of every module by its name, and
 *   every setting of a stage that there is not
 */
export async function loadModules(config: Config, given?: GivenModule): Promise<Extended> {
  const derive = config.modules.length > 0 || given !== undefined ? await schemaDeriver() : () => undefined;
  const readings: NamedReading[] = [];
  for (const configured of config.modules) {
    const label = `AFTERWORD_CONFIG modules ${configured.name}`;
    const imported = await importModule(configured);
    const reading = imported.ok
      ? readExports(label, imported.namespace, derive)
      : { stages: [], decode: undefined, faults: [{ name: label, problem: imported.problem }] };
    readings.push({ module: configured.name, label, ...reading });
  }
  if (given !== undefined) {
    const { name } = given;
    readings.push({ module: name, label: name, ...readExports(name, given.exports, derive) });
  }
  return extend(config, readings);
}

/** Of the provider's adapter, since it is the provider that has to understand it; loaded only where it is needed. */
async function schemaDeriver(): Promise<DeriveSchema> {
  const { outputFormat } = await import('../adapters/anthropic/output-schema.ts');
  return (schema) => outputFormat(z.strictObject({ answer: schema })).schema;
}

function extend(config: Config, readings: readonly NamedReading[]): Extended {
  const definitions = readings.flatMap(({ stages }) => stages);
  const ownStages = definitions.map(({ name, version }) => ({ name, version }));
  const extended = deepFreeze({ ...config, ownStages });
  const faults = [
    ...readings.flatMap((reading) => reading.faults),
    ...duplicateNames(readings),
    ...severalDecoders(readings),
  ];
  // While a module is broken nobody knows which stages there would be.
  const unknown = faults.length > 0 ? [] : stageNameFaults(extended);
  if (faults.length + unknown.length > 0) throw configInvalid([...faults, ...unknown]);
  if (readings.length === 0) return { config: extended, modules: noModules };
  return {
    config: extended,
    modules: {
      stages: definitions.map(toStage),
      decode: readings.find(({ decode }) => decode !== undefined)?.decode,
      origins: readings.map(({ module, stages, decode }) => ({
        module,
        stages,
        decodes: decode !== undefined,
      })),
    },
  };
}

function duplicateNames(readings: readonly NamedReading[]): ConfigFault[] {
  const firstBy = new Map<string, string>();
  return readings.flatMap(({ module, label, stages }) =>
    stages.flatMap(({ name }) => {
      const first = firstBy.get(name);
      firstBy.set(name, first ?? module);
      if (first === undefined) return [];
      return [{ name: `${label} stages.${name}.name`, problem: `is taken by a stage of ${first}` }];
    }),
  );
}

function severalDecoders(readings: readonly NamedReading[]): ConfigFault[] {
  const [first, ...others] = readings.filter(({ decode }) => decode !== undefined);
  return others.map(({ label }) => ({
    name: `${label} decode`,
    problem: `${String(first?.module)} exports a decoder already, and a record is decoded once`,
  }));
}
