import { commonWordsOf } from '../detect-language.ts';
import type { Reading } from '../reading.ts';

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** The words said most, in any language: longer ones, for the short ones of a language are its grammar. */
export function keywordsOf({ utterances, language, transcript }: Reading, max: number): string[] {
  const words = new Intl.Segmenter(language === 'und' ? 'en' : language, { granularity: 'word' });
  const common = commonWordsOf(language);
  const counts = new Map<string, { word: string; count: number }>();
  for (const { text } of utterances) {
    for (const { segment, isWordLike } of words.segment(text)) {
      const key = segment.toLowerCase();
      if (isWordLike !== true || !tells(key) || common.has(key) || key === transcript.botId.toLowerCase())
        continue;
      counts.set(key, { word: counts.get(key)?.word ?? segment, count: (counts.get(key)?.count ?? 0) + 1 });
    }
  }
  // Sorting is stable: of words said equally often, the first to be said comes first.
  return [...counts.values()]
    .sort((a, b) => b.count - a.count || Math.min(b.word.length, 9) - Math.min(a.word.length, 9))
    .slice(0, max)
    .map(({ word }) => word);
}

function tells(word: string): boolean {
  if (!/^\p{L}[\p{L}\p{M}'’-]*$/u.test(word)) return false;
  return unspaced.test(word) ? word.length >= 2 && !/^\p{Script=Hiragana}+$/u.test(word) : word.length >= 5;
}
