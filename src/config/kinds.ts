import { z } from 'zod';
import { formatDuration, parseDuration } from './duration.ts';
import { Secret } from './secret.ts';

/** How a setting's text is read. A kind never puts the text into what it reports. */
export interface Kind<Value> {
  readonly schema: z.ZodType<Value, string>;
  /** Follows the word "expected". */
  readonly expected: string;
  /** What most often went wrong, told without quoting the text. */
  readonly hint?: (text: string) => string | undefined;
  /** A method, so that kinds of different values can stand in one table. */
  show(value: Value): string;
}

/** `parse` answers undefined for what is not right. */
export function kind<Value>(
  expected: string,
  parse: (text: string) => Value | undefined,
  show: (value: Value) => string,
  hint?: (text: string) => string | undefined,
): Kind<Value> {
  const schema = z.string().transform((text, context): Value => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
  return { schema, expected, show, ...(hint && { hint }) };
}

const asItStands = (value: string): string => value;
const tokenPattern = /^[^\s\p{Cc}]{1,255}$/u;

export const durationKind: Kind<number> = kind(
  'a duration such as `500ms`, `10s`, `30m`, `12h` or `90d`',
  parseDuration,
  formatDuration,
  (text) => {
    if (/^\d+$/.test(text)) return 'a number needs its unit: ms, s, m, h or d';
    return /[\d.]+\s+\w+|\d\.\d/.test(text) ? 'one whole number and its unit, without a space' : undefined;
  },
);
export const positiveDurationKind: Kind<number> = {
  ...durationKind,
  schema: durationKind.schema.refine((value) => value > 0, 'expected a duration above 0'),
  expected: 'a duration above 0, such as `10s`, `30m`, `12h` or `90d`',
};

/** null: never. */
export const positiveDurationOrNeverKind: Kind<number | null> = kind(
  'a duration above 0, such as `5m` or `1h`, or `never`',
  (text) => {
    if (text.toLowerCase() === 'never') return null;
    const value = parseDuration(text);
    return value !== undefined && value > 0 ? value : undefined;
  },
  (value) => (value === null ? 'never' : formatDuration(value)),
);

export function integerKind(min: number, max: number): Kind<number> {
  const parse = (text: string): number | undefined => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };
  return kind(`a whole number from ${min} to ${max}`, parse, String);
}

export const moneyKind: Kind<number> = kind(
  'an amount of US dollars above 0, such as `25` or `2.50`',
  (text) => (/^\d{1,9}(\.\d{1,6})?$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
  String,
  (text) => (/^\$|usd$/i.test(text) ? 'the number alone, without a sign or currency' : undefined),
);

const yes: readonly string[] = ['true', 'yes', 'on', '1'];
const no: readonly string[] = ['false', 'no', 'off', '0'];
export const booleanKind: Kind<boolean> = kind(
  '`true` or `false`',
  (text) => {
    if (yes.includes(text.toLowerCase())) return true;
    return no.includes(text.toLowerCase()) ? false : undefined;
  },
  String,
);

/** Without regard to case and to spaces around commas. */
export function choiceKind<const Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  const parse = (text: string): Choice | undefined => {
    const plain = text.toLowerCase().replace(/\s*,\s*/g, ',');
    return choices.find((choice) => choice === plain);
  };
  return kind(`one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`, parse, asItStands);
}

export const secretKind: Kind<Secret> = kind(
  'a text without spaces or line breaks',
  (text) => (/^[\x21-\x7e]+$/.test(text) ? new Secret(text) : undefined),
  String,
);
/** Passwords may hold anything. */
export const passwordKind: Kind<Secret> = kind('a text', (text) => new Secret(text), String);

export const nameKind: Kind<string> = kind(
  'a name without spaces, of at most 255 characters',
  (text) => (tokenPattern.test(text) ? text : undefined),
  asItStands,
);
export const textKind: Kind<string> = kind('a text', asItStands, asItStands);

export const topicKind: Kind<string> = kind(
  'a topic name: 1 to 249 of the characters a-z, A-Z, 0-9, `.`, `_` and `-`',
  (text) => (/^[\w.-]{1,249}$/.test(text) && text !== '.' && text !== '..' ? text : undefined),
  asItStands,
);

export const globsKind: Kind<readonly string[]> = kind(
  'names separated by commas, where `*` stands for any characters and `?` for one',
  (text) => {
    const patterns = splitList(text);
    return patterns?.every((pattern) => tokenPattern.test(pattern)) ? patterns : undefined;
  },
  (patterns) => patterns.join(','),
);

/** The parts between commas, trimmed; undefined when one is empty. */
export function splitList(text: string): readonly string[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  return parts.includes('') ? undefined : parts;
}
