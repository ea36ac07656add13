import { commonWords } from './lexicon/common-words.ts';

/** What is written without spaces says about as much a sign as others say in two letters. */
const scripts: readonly (readonly [name: string, letters: RegExp, weight: number])[] = [
  ['cjk', /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu, 2],
  ['ko', /\p{Script=Hangul}/gu, 2],
  ['cyrillic', /\p{Script=Cyrillic}/gu, 1],
  ['ar', /\p{Script=Arabic}/gu, 1],
  ['he', /\p{Script=Hebrew}/gu, 1],
  ['hi', /\p{Script=Devanagari}/gu, 1],
  ['th', /\p{Script=Thai}/gu, 1],
  ['el', /\p{Script=Greek}/gu, 1],
  ['latin', /\p{Script=Latin}/gu, 1],
];

/** Below this share of known words a longer text is in a language that is not known here. */
const minKnownShare = 0.1;
const fewWords = 10;

/**
 * The language that most of a text is in, as a BCP-47 tag ('en', 'es', …); 'und' when there is
 * too little to tell, when two are level, or when it is none of those known here. By script
 * and common words: it has to be cheap, since every window is asked.
 */
export function detectLanguage(text: string): string {
  const prose = withoutCode(text);
  const script = mainScript(prose);
  if (script === undefined) return 'und';
  if (script === 'latin') return ofLatinWords(wordsOf(prose));
  if (script === 'cjk')
    return share(prose, /[\p{Script=Hiragana}\p{Script=Katakana}]/gu) > 0.05 ? 'ja' : 'zh';
  if (script === 'cyrillic') return share(prose, /[іїєґ]/giu) > 0.01 ? 'uk' : 'ru';
  return script;
}

/** Whether a text is surely not English: where English rules would only read nonsense into it. */
export function isPlainlyForeign(text: string): boolean {
  const prose = withoutCode(text);
  const script = mainScript(prose);
  if (script !== 'latin') return script !== undefined;
  const [best, ...others] = scoresOf(wordsOf(prose));
  if (best === undefined || best.language === 'en' || best.score < 2) return false;
  const english = others.find(({ language }) => language === 'en')?.score ?? 0;
  return best.score >= english * 2;
}

/** Too little to tell a language by: then nothing speaks against English either. */
export function isTooShortToTell(text: string): boolean {
  const prose = withoutCode(text);
  const script = mainScript(prose);
  return script === undefined || (script === 'latin' && wordsOf(prose).length < fewWords);
}

/** The words of a language's grammar, as far as known here. */
export function commonWordsOf(language: string): ReadonlySet<string> {
  return commonWords.get(language) ?? new Set();
}

function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?(?:```|$)|`[^`]*`|\b\w+:\/\/\S+/g, ' ');
}

function mainScript(text: string): string | undefined {
  const weights = scripts.map(
    ([name, letters, weight]) => ({ name, weight: (text.match(letters)?.length ?? 0) * weight }) as const,
  );
  const main = weights.reduce((most, each) => (each.weight > most.weight ? each : most));
  return main.weight === 0 ? undefined : main.name;
}

function share(text: string, letters: RegExp): number {
  const all = text.match(/\p{L}/gu)?.length ?? 0;
  return all === 0 ? 0 : (text.match(letters)?.length ?? 0) / all;
}

function wordsOf(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{M}]+(?:'\p{L}+)*/gu) ?? []
  );
}

function ofLatinWords(words: readonly string[]): string {
  const [best, second] = scoresOf(words);
  if (best === undefined || best.score === 0) return 'und';
  if (words.length >= fewWords && best.hits < words.length * minKnownShare) return 'und';
  // Nearly level: the few words known belong to several languages.
  const lead = words.length < fewWords ? 2 : 1;
  return best.score > (second?.score ?? 0) * lead ? best.language : 'und';
}

interface Score {
  readonly language: string;
  readonly hits: number;
  /** Each word known counts one, shared among the languages that have it. */
  readonly score: number;
}

/** The likeliest first. */
function scoresOf(words: readonly string[]): Score[] {
  const scores = new Map<string, Score>();
  for (const word of words) {
    const languages = languagesOf.get(word) ?? [];
    for (const language of languages) {
      const { hits, score } = scores.get(language) ?? { hits: 0, score: 0 };
      scores.set(language, { language, hits: hits + 1, score: score + 1 / languages.length });
    }
  }
  return [...scores.values()].sort((a, b) => b.score - a.score);
}

/** The languages that have a word among their common ones. */
const languagesOf: ReadonlyMap<string, readonly string[]> = indexWords();

function indexWords(): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  for (const [language, common] of commonWords)
    for (const word of common) index.set(word, [...(index.get(word) ?? []), language]);
  return index;
}
