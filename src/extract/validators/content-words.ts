/** Whether two texts have a word in common that carries meaning, inflection aside. */
export function sharesContentWord(a: string, b: string): boolean {
  const words = contentWords(b);
  for (const word of contentWords(a)) if (words.has(word)) return true;
  return false;
}

const emptyWords = new Set(
  (
    'all and any are but can did for get got had has her him his how its let nor not now off our out own per say see she ' +
    'the too via was who why yes yet you ' +
    'about after again also always another anything because been before being between both could does doing done ' +
    'each even ever every everything from going good have having here into just know like liked likes made make many ' +
    'maybe more most much must need never only other over please really said same should since some something still ' +
    'such sure talk talked tell than thank thanks that their them then there these they thing things think this those ' +
    'told user very want wants well were what when where which while will with would yeah your yours'
  ).split(' '),
);

/** Stems of the words that carry meaning. */
export function contentWords(text: string): Set<string> {
  return new Set(meaningfulWords(text).flatMap(({ units }) => units));
}

export interface MeaningfulWord {
  /**
   * What it is compared by: one stem short enough that "hiking" and "hikes" meet; where no spaces
   * part words, or particles cling to them, pairs of letters.
   */
  readonly units: readonly string[];
  /** A number, or a word with a capital letter within a sentence. */
  readonly isName: boolean;
}

/** The words of a text that carry meaning, in their order. */
export function meaningfulWords(text: string): MeaningfulWord[] {
  const composed = text.normalize('NFKC');
  return [...composed.matchAll(/\p{L}[\p{L}\p{M}]*|\p{N}+/gu)]
    .map(({ 0: word, index }) => ({
      units: unitsOf(word.toLowerCase()),
      isName: isName(word, composed, index),
    }))
    .filter(({ units }) => units.length > 0);
}

function unitsOf(word: string): string[] {
  return unspaced.test(word) ? pairs(word) : stem(word);
}

function isName(word: string, text: string, index: number): boolean {
  if (/^\p{N}/u.test(word)) return true;
  return /^\p{Lu}/u.test(word) && !/(?:^|[.!?…:"“(\n])\s*$/u.test(text.slice(Math.max(0, index - 8), index));
}

const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;

function pairs(word: string): string[] {
  const letters = Array.from(word);
  return letters.slice(1).map((letter, index) => `${letters[index] ?? ''}${letter}`);
}

function stem(word: string): string[] {
  if (emptyWords.has(word) || (word.length < 3 && !/^\p{N}/u.test(word))) return [];
  return [word.slice(0, 4)];
}
