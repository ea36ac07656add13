import type { Kind } from '../kinds.ts';

interface Described<Value> {
  readonly kind: Kind<Value>;
  /** One or two sentences for the reference page. */
  readonly about: string;
  /** Where the config file has the same setting; the environment wins. */
  readonly inFile?: string;
}

export interface DefaultedVariable<Value> extends Described<Value> {
  /** As it would be written. */
  readonly byDefault: string;
}

export interface OptionalVariable<Value> extends Described<Value> {
  /** What holds while it is unset. */
  readonly unset: string;
}

/** One environment variable. The reference pages are generated from these. */
export type Variable<Value> = DefaultedVariable<Value> | OptionalVariable<Value>;

/** Keeps the value's type. */
export function defaulted<Value>(definition: DefaultedVariable<Value>): DefaultedVariable<Value> {
  return definition;
}

export function optional<Value>(definition: OptionalVariable<Value>): OptionalVariable<Value> {
  return definition;
}
