import type { DecodeFunction } from '../consume/decode-with.ts';
import type { Stage } from '../extract/stage.ts';

/** What modules of a user's own add. */
export interface LoadedModules {
  /** After the built-in ones, in the order of the modules. */
  readonly stages: readonly Stage[];
  /** Undefined: records are in the contract's form. */
  readonly decode: DecodeFunction | undefined;
  /** What each of them gave. */
  readonly origins: readonly ModuleOrigin[];
}

export interface ModuleOrigin {
  /** The module as the configuration names it. */
  readonly module: string;
  readonly stages: readonly Pick<Stage, 'name' | 'version' | 'minMessages'>[];
  readonly decodes: boolean;
}

export const noModules: LoadedModules = { stages: [], decode: undefined, origins: [] };
