import type { SummaryDraft } from '../../stages/drafts.ts';
import { addressesReader } from '../../validators/third-person.ts';
import { frameOf, gapBetweenSentences } from '../lexicon/summary-frames.ts';
import type { Reading } from '../reading.ts';
import { countKeywords, type Keyword } from './keywords.ts';
import { toneOf } from './tone.ts';

const maxShare = 0.14;
const minRoom = 110;
const maxTopics = 4;
const maxSentences = 4;

/**
 * For languages that the rules do not read: the sentences that say most of what the talk was
 * about, in the user's own words and their language, and the words said most as topics. What is
 * too short for either has an empty summary, which the stage refuses.
 */
export function extractiveSummary(reading: Reading, length: number): SummaryDraft {
  const keywords = countKeywords(reading);
  const topics = keywords.slice(0, maxTopics).map(({ word }) => word);
  const chosen = chooseSentences(sentencesOf(reading), keywords, Math.max(minRoom, length * maxShare));
  return {
    summary_text: wordsOf(chosen, topics, reading.language, length),
    key_topics: topics,
    emotional_tone: toneOf(reading),
    certainty: chosen.length > 0 ? 0.6 : 0.5,
    cited_lines: [...new Set(chosen.map(({ line }) => line))],
  };
}

interface SaidSentence {
  readonly text: string;
  readonly line: number;
}

/** Statements only: a question tells what somebody wants to know, not what is so. */
function sentencesOf({ utterances, language }: Reading): SaidSentence[] {
  const sentences = new Intl.Segmenter(language === 'und' ? 'en' : language, { granularity: 'sentence' });
  return utterances.flatMap(({ text, line }) =>
    [...sentences.segment(text)]
      .map(({ segment }) => ({ text: segment.trim(), line: line.number }))
      .filter(({ text: said }) => isTelling(said)),
  );
}

/** Not a question, not torn (others' words are blanked), and without quotation marks of its own. */
function isTelling(text: string): boolean {
  return (
    /\p{L}{2}/u.test(text) &&
    text.length >= 8 &&
    text.length <= 240 &&
    !/[?？¿"„“”«»「」\n]|\s{3}/u.test(text)
  );
}

/** Each in turn the sentence with the most that is not told yet, as far as there is room; in the order of the talk. */
function chooseSentences(
  sentences: readonly SaidSentence[],
  keywords: readonly Keyword[],
  room: number,
): SaidSentence[] {
  const chosen: SaidSentence[] = [];
  const told = new Set<Keyword>();
  let left = room;
  while (chosen.length < maxSentences) {
    const best = sentences
      .filter((sentence) => !chosen.includes(sentence) && sentence.text.length <= left)
      .map((sentence) => ({ sentence, news: newsOf(sentence, keywords, told) }))
      .reduce<Rated | undefined>((most, each) => (each.news > (most?.news ?? 0) ? each : most), undefined);
    if (best === undefined) break;
    chosen.push(best.sentence);
    left -= best.sentence.text.length;
    for (const keyword of keywords) if (names(best.sentence, keyword)) told.add(keyword);
  }
  return sentences.filter((sentence) => chosen.includes(sentence));
}

interface Rated {
  readonly sentence: SaidSentence;
  readonly news: number;
}

/** How much a sentence tells that is not told yet; long ones have to tell more. */
function newsOf(sentence: SaidSentence, keywords: readonly Keyword[], told: ReadonlySet<Keyword>): number {
  const fresh = keywords.filter((keyword) => !told.has(keyword) && names(sentence, keyword));
  const weight = fresh.reduce((sum, { count }) => sum + count, 0);
  return weight / Math.sqrt(sentence.text.length);
}

function names({ text }: SaidSentence, { word }: Keyword): boolean {
  return text.toLowerCase().includes(word.toLowerCase());
}

/** The first that fits: with a frame, the bare sentences, the topics. */
function wordsOf(
  chosen: readonly SaidSentence[],
  topics: readonly string[],
  language: string,
  length: number,
): string {
  const { before, after } = frameOf(language);
  const said = chosen.map(({ text }) => text).join(gapBetweenSentences(language));
  const framed = said === '' ? '' : `${before}${said}${after}`;
  const candidates = [framed, said, topics.join(', ')];
  return candidates.find((text) => text !== '' && text.length <= length && !addressesReader(text)) ?? '';
}
