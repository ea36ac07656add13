/**
 * One form for singular and plural of an English word, for keys only: the result is
 * compared and never shown, so it need not be a word ("movie" and "movies" both give
 * "movy"). It errs on the side of leaving a word alone.
 */
const irregular = new Map([
  ['men', 'man'],
  ['women', 'woman'],
  ['children', 'child'],
  ['people', 'person'],
  ['mice', 'mous'],
  ['geese', 'goose'],
  ['feet', 'foot'],
  ['teeth', 'tooth'],
  ['knives', 'knife'],
  ['wives', 'wife'],
  ['wolves', 'wolf'],
  ['leaves', 'leaf'],
  ['shelves', 'shelf'],
  ['halves', 'half'],
  ['loaves', 'loaf'],
  ['calves', 'calf'],
]);

/** Without the s these would be another word. */
const notPlural = new Set([
  'news',
  'glasses',
  'jeans',
  'lens',
  'mars',
  'means',
  'arms',
  'customs',
  'series',
  'species',
]);

export function singularKey(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  return notPlural.has(word) ? word : sharedEnding(withoutPluralS(word));
}

function withoutPluralS(word: string): string {
  // "bus", "tennis", "class", "physics" end in s without being plural; "gas" and "yes" are too short to tell.
  if (word.length <= 3 || !/^[a-z]+s$/u.test(word) || /(?:ss|us|is|ics)$/u.test(word)) return word;
  return word.slice(0, -1);
}

/** "boxes" without its s is "boxe": endings that differ only by how the plural is spelt are made equal. */
function sharedEnding(word: string): string {
  return word
    .replace(/ie$/u, 'y')
    .replace(/oe$/u, 'o')
    .replace(/use$/u, 'us')
    .replace(/(x|ch|sh|ss|zz)e$/u, '$1');
}
