import { compareKey } from './compare-key.ts';
import { clauseStarters, danglingEnders, pronouns, stopEntities, subjects } from './entity-words.ts';

export type EntityRefusal =
  | 'entity-length'
  | 'entity-url'
  | 'entity-mention'
  | 'entity-markup'
  | 'entity-brackets'
  | 'entity-without-letters'
  | 'entity-pronoun'
  | 'entity-stop-word'
  | 'entity-fragment'
  | 'entity-dangling';

const minLength = 2;
const maxLength = 60;

/** Spaces, wrapping quotes, end punctuation and a leading possessive go; the rest is left as written. */
export function cleanEntity(name: string): string {
  const bare = name
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .replace(/^[\s"'“”‘’«»]+|[\s"'“”‘’«»,;:!?。、]+$/gu, '')
    .replace(/(?<![\p{L}]\.[\p{L}]|\b(?:jr|sr|inc|ltd|co|st|dr|mr|mrs|ms))\.+$/iu, '');
  return bare.replace(/^(?:my|our)\s+(?=\S)/iu, '').trim();
}

/**
 * Whether a cleaned name can stand for something in the world. Deterministic, for
 * models are sure of fragments too; the reason is the first that applies.
 */
export function refuseEntity(name: string): EntityRefusal | undefined {
  return refuseForm(name) ?? refuseWords(name);
}

const link = /\w:\/\/|\bwww\.|\b[\w-]+(?:\.[\w-]+)+\/\S|\S+@\S+\.\S/iu;

/** In small letters, for people write names with capitals ("Booking.com", "ASP.NET"), and under a known ending ("Node.js" has none). */
const bareDomain =
  /(?<![\p{L}\p{N}.])(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|info|biz|io|me|co|ai|app|dev|gg|ly|tv|fm|xyz|site|online|shop|blog|link|page|club|to|be|uk|us|ca|au|nz|ie|de|at|ch|nl|fr|es|it|pt|pl|se|no|dk|fi|cz|hu|ro|gr|tr|ru|ua|in|cn|jp|kr|br|mx|ar|za|eu)(?![\p{L}\p{N}]|\.\p{L})/u;

const markup = /<\/?\w+|[*`~^\\|]|__|&\w+;|^[#=-]+\s|https?:|[\p{Cc}]/u;

/** Whether a text, a name or longer, holds a link or marks of a markup language. */
export function holdsMarkup(text: string): boolean {
  return link.test(text) || bareDomain.test(text) || markup.test(text) || /\]\(/u.test(text);
}

function refuseForm(name: string): EntityRefusal | undefined {
  const { length } = Array.from(name);
  // One ideograph is a word; one letter is not.
  if (length > maxLength || (length < minLength && !/^\p{Script=Han}$/u.test(name))) return 'entity-length';
  if (link.test(name) || bareDomain.test(name)) return 'entity-url';
  if (/(?:^|\s)@\S|<[@#!&]|(?:^|\s)#\p{L}/u.test(name)) return 'entity-mention';
  if (markup.test(name)) return 'entity-markup';
  if (/[()[\]{}<>（）【】「」]/u.test(name)) return 'entity-brackets';
  if (!/[\p{L}\p{N}]/u.test(name)) return 'entity-without-letters';
  return undefined;
}

function refuseWords(name: string): EntityRefusal | undefined {
  const bare = name.toLowerCase().replace(/^(?:the|a|an)\s+/u, '');
  if (stopEntities.has(bare)) return 'entity-stop-word';
  // Titles may be whole sentences: "When Harry Met Sally", "The Who".
  if (isTitle(name)) return undefined;
  if (pronouns.has(bare)) return 'entity-pronoun';
  const words = name.toLowerCase().split(' ');
  if (clauseStarters.has(words[0] ?? '') || subjects.test(name)) return 'entity-fragment';
  if (danglingEnders.has(words.at(-1) ?? '')) return 'entity-dangling';
  return undefined;
}

/** Two or more words, every longer one of them capitalised, the last one too. */
function isTitle(name: string): boolean {
  const words = name.split(' ').filter((word) => /\p{L}/u.test(word));
  const capital = /^[^\p{L}]*\p{Lu}/u;
  if (words.length < 2 || !capital.test(words[0] ?? '') || !capital.test(words.at(-1) ?? '')) return false;
  return words.every((word) => word.length <= 4 || capital.test(word));
}

/** Whether both spell the same name, whatever the case, accents, spaces and separators. */
export function isSameName(a: string, b: string): boolean {
  const key = compareKey(a);
  return key !== '' && key === compareKey(b);
}
