import { commonWordsOf } from '../detect-language.ts';
import type { Reading, Utterance } from '../reading.ts';

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

export interface Keyword {
  readonly word: string;
  readonly count: number;
}

/** The words said most that say what it is about, weightiest first, in any language. */
export function countKeywords(reading: Reading): Keyword[] {
  const common = commonWordsOf(reading.language);
  const counts = new Map<string, Keyword>();
  for (const word of reading.utterances.flatMap((utterance) => wordsIn(utterance, reading.language))) {
    const key = word.toLowerCase();
    if (
      !tells(key, reading.language) ||
      common.has(key) ||
      empty.has(key) ||
      key === reading.transcript.botId.toLowerCase()
    )
      continue;
    const known = counts.get(key);
    counts.set(key, { word: known?.word ?? word, count: (known?.count ?? 0) + 1 });
  }
  // Sorting is stable: of words said equally often, the first to be said comes first.
  return [...counts.values()].sort((a, b) => b.count - a.count || weightOf(b.word) - weightOf(a.word));
}

export function keywordsOf(reading: Reading, max: number): string[] {
  return countKeywords(reading)
    .slice(0, max)
    .map(({ word }) => word);
}

/** Longer words are rarer, and say more; in a script without spaces two signs are a word already. */
function weightOf(word: string): number {
  return Math.min(word.length, 9);
}

/** In German only nouns are written with a capital; elsewhere every word may be a topic. */
function wordsIn({ text }: Utterance, language: string): string[] {
  const words = new Intl.Segmenter(language === 'und' ? 'en' : language, { granularity: 'word' });
  const segments = [...words.segment(text)].filter(({ isWordLike }) => isWordLike === true);
  const nouns = segments.filter(
    ({ segment, index }) => /^\p{Lu}/u.test(segment) && !beginsSentence(text, index),
  );
  // Who writes all in small letters has no nouns to tell by.
  const isTold = language === 'de' && nouns.length > 0;
  return (isTold ? nouns : segments).map(({ segment }) => segment);
}

function beginsSentence(text: string, index: number): boolean {
  return /(?:^|[.!?…:;\n"„“])\s*$/u.test(text.slice(0, index));
}

/** Short words are mostly grammar; in German only nouns get here. */
function tells(word: string, language: string): boolean {
  if (!/^\p{L}[\p{L}\p{M}'’-]*$/u.test(word)) return false;
  if (!unspaced.test(word)) return word.length >= (language === 'de' ? 4 : 5);
  return word.length >= 2 ? !/^\p{Script=Hiragana}+$/u.test(word) : namesAlone.test(word);
}

/** Single signs that are whole words, and things one talks about. */
const namesAlone = /^[犬猫本魚馬鳥花海山川空雨雪春夏秋冬妹姉兄弟母父娘車家茶酒肉歌絵服]$/u;

/** Words of any talk in scripts without spaces. */
const empty = new Set(
  (
    '今日 昨日 明日 最近 自分 一緒 本当 時間 場所 友達 時々 毎日 先週 来週 今年 去年 来年 全部 一番 大好き 好き 思い 行き 行っ ' +
    '食べ 言っ 見て 楽し 嬉し 今天 昨天 明天 现在 最近 自己 我们 你们 他们 什么 非常 觉得 可以 喜欢 因为 所以 但是 还是 一个 有点 怎么 时候 一起 真的'
  ).split(' '),
);
