import { functionWords } from './function-words.ts';

/** A feature of a text and how much one occurrence of it says. */
export interface Feature {
  readonly name: string;
  readonly weight: number;
}

/**
 * What a text is recognised by: its words, pairs of neighbours, and the character
 * n-grams of words, so that "hiking" finds "hikes" and a typing error costs little. Words
 * that only build sentences weigh little.
 */
export function lexicalFeatures(text: string): Feature[] {
  const words = foldWords(text);
  const features: Feature[] = [];
  for (const [index, word] of words.entries()) {
    const weight = wordWeight(word);
    features.push({ name: `w:${word}`, weight });
    const next = words[index + 1];
    if (next !== undefined)
      features.push({ name: `p:${word} ${next}`, weight: 0.3 * wordWeight(next) * weight });
    features.push(...ngramFeatures(word, weight));
  }
  return features;
}

/**
 * Lower case, compatibility forms and accents folded, letters that only a language's own
 * users type written as others write them. Emoji are words: they say something.
 */
function foldWords(text: string): string[] {
  const folded = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\u200d\ufe0e\ufe0f]/gu, '')
    .toLowerCase()
    .replace(/[ßøæœłđðþı’']/gu, (letter) => plainLetters[letter] ?? letter);
  return folded.match(/[\p{L}\p{M}\p{N}]+|\p{Extended_Pictographic}/gu) ?? [];
}

const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  // "Ann's" and "Anns" are closer than "ann" and "s".
  '’': '',
  "'": '',
};

/** Scripts that put no spaces between words: there every character says as much as a word elsewhere. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

function wordWeight(word: string): number {
  if (functionWords.has(word)) return 0.1;
  const isShort = Array.from(word).length <= 2 && !unspaced.test(word) && !saysMuch.test(word);
  return isShort ? 0.3 : 1;
}

/** Numbers and emoji, however short. */
const saysMuch = /[\p{N}\p{Extended_Pictographic}]/u;

function ngramFeatures(word: string, weight: number): Feature[] {
  if (unspaced.test(word)) return ngrams(Array.from(word), [1, 2], 'c', 0.7);
  const characters = Array.from(`<${word}>`);
  return characters.length < 5 ? [] : ngrams(characters, [3, 4], 'g', 0.35 * weight);
}

function ngrams(
  characters: readonly string[],
  sizes: readonly number[],
  prefix: string,
  weight: number,
): Feature[] {
  const features: Feature[] = [];
  for (const size of sizes) {
    for (let start = 0; start + size <= characters.length; start += 1) {
      features.push({ name: `${prefix}:${characters.slice(start, start + size).join('')}`, weight });
    }
  }
  return features;
}
