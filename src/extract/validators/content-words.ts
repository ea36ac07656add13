/** Whether two texts have a word in common that carries meaning, inflection aside. */
export function sharesContentWord(a: string, b: string): boolean {
  const words = contentWords(b);
  for (const word of contentWords(a)) if (words.has(word)) return true;
  return false;
}

const emptyWords = new Set(
  (
    'about after again also always another anything because been before being between both could does doing done ' +
    'each even ever every everything from going good have having here into just know like liked likes made make many ' +
    'maybe more most much must need never only other over please really said same should since some something still ' +
    'such sure talk talked tell than thank thanks that their them then there these they thing things think this those ' +
    'told user very want wants well were what when where which while will with would yeah your yours'
  ).split(' '),
);

/** Stems short enough that "hiking" and "hikes" meet; pairs of letters where no spaces part words. */
function contentWords(text: string): Set<string> {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/\p{L}[\p{L}\p{M}]*|\p{N}+/gu) ?? [];
  return new Set(words.flatMap((word) => (unspaced.test(word) ? pairs(word) : stem(word))));
}

const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;

function pairs(word: string): string[] {
  const letters = Array.from(word);
  return letters.slice(1).map((letter, index) => `${letters[index] ?? ''}${letter}`);
}

function stem(word: string): string[] {
  if (emptyWords.has(word) || (word.length < 3 && !/^\p{N}/u.test(word))) return [];
  return [word.slice(0, 4)];
}
