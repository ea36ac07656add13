import { createHash } from 'node:crypto';

/**
 * What a field of an event may hold. There is no kind for free text, so that a
 * message cannot be logged:
 * - `id`: made by us or the platform. Spaces and great length are no id: then its hash stands there.
 * - `code`: a word of a closed list; only literal types are accepted.
 * - `name`: of a stage, topic, model or setting, known at runtime only; guarded as a word.
 * - `count`, `ms`, `ratio`, `bytes`: numbers. `offset`: a place in a partition. `flag`: true or false.
 * A `?` makes the field optional.
 */
type FieldKind = 'id' | 'code' | 'name' | 'count' | 'ms' | 'ratio' | 'bytes' | 'offset' | 'flag';
export type FieldSpec = Readonly<Record<string, FieldKind | `${FieldKind}?`>>;

interface FieldValues {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly count: number;
  readonly ms: number;
  readonly ratio: number;
  readonly bytes: number;
  readonly offset: bigint;
  readonly flag: boolean;
}

type OptionalKeys<Spec> = { [Key in keyof Spec]: Spec[Key] extends `${string}?` ? Key : never }[keyof Spec];
type ValueOf<Kind> = Kind extends `${infer Plain extends FieldKind}?`
  ? FieldValues[Plain]
  : Kind extends FieldKind
    ? FieldValues[Kind]
    : never;

/** The values that an event with these fields takes. */
export type FieldsOf<Spec> = {
  readonly [Key in Exclude<keyof Spec, OptionalKeys<Spec>>]: ValueOf<Spec[Key]>;
} & {
  readonly [Key in OptionalKeys<Spec>]?: ValueOf<Spec[Key]> | undefined;
};

/** Refuses a `code` whose type is any string: such a variable could hold a message. */
export type OnlyLiteralCodes<Spec, Given> = {
  readonly [Key in keyof Given]: Key extends keyof Spec
    ? Spec[Key] extends 'code' | 'code?'
      ? string extends Given[Key]
        ? never
        : Given[Key]
      : Given[Key]
    : never;
};

/** What is written for a value; total, whatever the types were talked into. */
export function guardField(spec: FieldSpec, key: string, value: unknown): unknown {
  if (!Object.hasOwn(spec, key)) return '[unknown field]';
  const kind = spec[key];
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return '[withheld]';
  return kind === 'id' || kind === 'id?' ? guardId(value) : guardWord(value);
}

/** An id as it stands, or its hash: enough to find it again, nothing to read. */
export function guardId(id: string): string {
  if (/^[^\s\p{Cc}]{1,128}$/u.test(id)) return id;
  return `sha256:${createHash('sha256').update(id, 'utf8').digest('hex').slice(0, 16)}`;
}

/** One word: a code, a class, a name of the database or of a topic. */
export function guardWord(word: string): string {
  return /^[\w.:/-]{1,128}$/.test(word) ? word : '[withheld]';
}
