import type { HeldQuote } from '../evidence.ts';
import { refuseEntity } from './entity.ts';
import type { CleanFact } from './fact.ts';
import { languageTag } from './language-tag.ts';

/**
 * The names that one name lists: "pizza and sushi" are two, where the user listed them so ("I love
 * pizza, pasta and sushi"). One where that is not sure: capitals may be one name (Bosnia and
 * Herzegovina), and words may share what follows or goes before (red and white wine).
 */
export function listedNames(fact: CleanFact, quotes: readonly HeldQuote[]): readonly string[] {
  const name = fact.entity_name;
  const parts = name.split(/\s*(?:,\s*(?:and|&)\s|,|\s(?:and|&)\s)\s*/u).map((part) => part.trim());
  const isList =
    parts.length > 1 &&
    takesThings.has(fact.relation) &&
    Object.keys(fact.attributes).length === 0 &&
    (areLanguages(fact, parts) || arePlain(name, parts)) &&
    quotes.some(({ line, quote }) => line.message.role === 'user' && lists(quote, parts));
  return isList ? parts : [name];
}

/** Not those that take actions: "watch films and series" has one verb for both. */
const takesThings = new Set<string>(
  'likes loves enjoys prefers dislikes hates avoids owns has plays speaks needs visited studies practices allergic_to'.split(
    ' ',
  ),
);

function areLanguages({ relation }: CleanFact, parts: readonly string[]): boolean {
  return relation === 'speaks' && parts.every((part) => languageTag(part) !== undefined);
}

function arePlain(name: string, parts: readonly string[]): boolean {
  if (/\p{Lu}|["“”«»]/u.test(name) || compounds.test(name)) return false;
  const [first = '', ...others] = parts;
  // "red and white wine", "cooking and eating fish": a lone word may want what follows the next.
  const isShared = parts.some((part, at) => !part.includes(' ') && parts[at + 1]?.includes(' ') === true);
  // "walking dogs and cats" walks both.
  const hasOneVerb = doing.test(first) && first.includes(' ') && !others.every((part) => doing.test(part));
  return parts.every(isPlain) && !isShared && !hasOneVerb;
}

function isPlain(part: string): boolean {
  return (
    /^\p{L}/u.test(part) &&
    part.split(' ').length <= 3 &&
    !links.test(part) &&
    refuseEntity(part) === undefined
  );
}

const doing = /^\p{L}+ing(?!\p{L})/u;

/** Fixed pairs that are one thing. */
const compounds = new RegExp(
  `(?<!\\p{L})(?:${[
    "rock (?:and|&|n|'n') roll|mac (?:and|&) cheese|fish and chips|bread and butter|salt and pepper|salt and vinegar",
    'rhythm and blues|drum and bass|peanut butter and jelly|ham and cheese|bacon and eggs|eggs and bacon|rice and beans',
    'cookies and cream|milk and honey|gin and tonic|rum and coke|sweet and sour|surf and turf|biscuits and gravy',
    'dungeons and dragons|arts and crafts|arts and sciences|black and white|bed and breakfast|research and development',
    'health and safety|hide and seek|trial and error|track and field|country and western|song and dance|law and order',
    'food and drink|friends and family|family and friends|pros and cons|ups and downs|true crime and|stand[- ]up and',
    'sword and sorcery|cloak and dagger|heating and cooling|science and technology|peace and quiet|odds and ends',
    'pen and paper|pins and needles|mother and daughter|father and son|husband and wife|point and click|hack and slash',
    'cut and paste|copy and paste|dos and don.ts|meet and greet|tips and tricks|bits and pieces|give and take',
  ].join('|')})(?!\\p{L})`,
  'iu',
);

/** What stands behind one of these may belong to all members: "books and films about war". */
const links = /(?<!\p{L})(?:about|of|in|with|for|from|to|on|at|by|like|that|who|which|or)(?!\p{L})/iu;

/** Each part stands in the quote as a member: a comma or "and" behind the first, before the last and around the others. */
function lists(quote: string, parts: readonly string[]): boolean {
  const said = ` ${quote.toLowerCase().replaceAll('’', "'").replace(/\s+/gu, ' ')} `;
  const small = String.raw`(?:(?:also|a|an|the|my|our|some) )?`;
  return parts.every((part, index) => {
    const word = part
      .toLowerCase()
      .replace(/[^\p{L}\p{N} ]/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16) ?? '20'}}`);
    const before = index === 0 ? String.raw`(?<![\p{L}\p{N}])` : String.raw`(?:,| and| &) ?(?:and )?${small}`;
    const behind = index === parts.length - 1 ? String.raw`(?![\p{L}\p{N}])` : String.raw`(?:,| and | & )`;
    return new RegExp(`${before}${word}${behind}`, 'u').test(said);
  });
}
