import type { Config } from '../../config/config.ts';
import type { LoadedModules, ModuleOrigin } from '../../modules/loaded-modules.ts';
import { ok, warn, type Finding } from './check.ts';

/** What each configured module adds. That they load is known: a command does not start otherwise. */
export function checkModules(
  { anthropic }: Pick<Config, 'anthropic'>,
  { stages, origins }: LoadedModules,
): readonly Finding[] {
  const modelOnly = stages.filter((stage) => stage.offline === undefined).map(({ name }) => name);
  return [
    ...origins.map((origin) => ok('module', `${origin.module}: ${givesOf(origin)}`)),
    ...(anthropic !== null || modelOnly.length === 0
      ? []
      : [
          warn(
            'module',
            `${modelOnly.join(', ')}: skipped, for there is no model`,
            'set ANTHROPIC_API_KEY, or give the stage an offline form',
          ),
        ]),
  ];
}

function givesOf({ stages, decodes }: ModuleOrigin): string {
  const named = stages.map(({ name, version }) => `${name} (version ${version})`);
  const listed = named.length === 0 ? [] : [`${named.length === 1 ? 'stage' : 'stages'} ${named.join(', ')}`];
  return [...listed, ...(decodes ? ['decodes records'] : [])].join('; ');
}
