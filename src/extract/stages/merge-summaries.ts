import { fairLimit } from '../line-budget.ts';
import type { SummaryDraft } from './drafts.ts';

/** What is stored of one summary; a window of many parts gives each its share. */
const maxTextLength = 4_000;
const maxTopics = 5;

const sentences = new Intl.Segmenter('und', { granularity: 'sentence' });

/**
 * The summaries of a long window's parts as one, without another call: it can say nothing that
 * none of them says, costs nothing, and cannot fail. Texts stand one after the other, as the
 * conversation went; topics are taken in turn, so that each part has some; of different tones it
 * is mixed; and it is as certain as the least certain part.
 */
export function mergeSummaries(drafts: readonly SummaryDraft[]): SummaryDraft {
  return {
    summary_text: joinTexts(drafts.map((draft) => draft.summary_text.replace(/\s+/gu, ' ').trim())),
    key_topics: inTurn(drafts.map((draft) => draft.key_topics)),
    emotional_tone: toneOf(drafts),
    certainty: Math.min(...drafts.map((draft) => draft.certainty)),
    cited_lines: [...new Set(drafts.flatMap((draft) => draft.cited_lines))].sort((a, b) => a - b),
  };
}

/** Whole sentences from the beginning of each text, as many as its share has room for; at least one. */
function joinTexts(texts: readonly string[]): string {
  const distinct = [...new Set(texts)];
  const room = maxTextLength - distinct.length;
  const share = fairLimit(
    distinct.map((text) => text.length),
    room,
    maxTextLength,
    1,
  );
  return distinct
    .map((text) => firstSentences(text, share))
    .join(' ')
    .slice(0, maxTextLength);
}

function firstSentences(text: string, length: number): string {
  let taken = '';
  for (const { segment } of sentences.segment(text)) {
    if (taken !== '' && (taken + segment).trimEnd().length > length) break;
    taken += segment;
  }
  return taken.trim();
}

/** The first of each part, then the second of each; what is alike but for case once. */
function inTurn(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const all = Array.from({ length: longest }, (_, index) =>
    lists.flatMap((list) => list[index] ?? []),
  ).flat();
  const topics = new Map<string, string>();
  for (const topic of all) {
    const plain = topic.trim().toLowerCase();
    if (!topics.has(plain)) topics.set(plain, topic);
  }
  return [...topics.values()].slice(0, maxTopics);
}

function toneOf(drafts: readonly SummaryDraft[]): SummaryDraft['emotional_tone'] {
  const tones = new Set(drafts.map((draft) => draft.emotional_tone));
  const felt = [...tones].filter((tone) => tone !== 'neutral');
  return felt.length > 1 ? 'mixed' : (felt[0] ?? 'neutral');
}
