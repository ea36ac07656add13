import { AfterwordError } from '../../errors.ts';
import { summaryResultSchema, type SummaryResult } from '../../model/results.ts';
import { hasText } from '../evidence.ts';
import { summaryPrompt } from '../prompts/summary-prompt.ts';
import type { CheckedResult, Stage } from '../stage.ts';
import type { Transcript } from '../transcript.ts';
import { sharesContentWord } from '../validators/content-words.ts';
import { addressesReader } from '../validators/third-person.ts';
import { summaryDraftSchema, type SummaryDraft } from './drafts.ts';
import { clampConfidence, Rejections } from './rejections.ts';

const minTopics = 2;
const maxTopics = 5;
const maxSummaryLength = 4_000;

/** What happened in the window, in the third person. */
export const summaryStage: Stage<SummaryDraft, SummaryResult> = {
  name: 'summary',
  version: '1',
  // Shorter ones are better read than summed up.
  minMessages: 5,
  draftSchema: summaryDraftSchema,
  resultSchema: summaryResultSchema,
  prompt: summaryPrompt,
  check: checkSummary,
};

/** A summary is one claim: when it does not hold there is no result (MODEL_OUTPUT_INVALID). */
function checkSummary(draft: SummaryDraft, transcript: Transcript): CheckedResult<SummaryResult> {
  const rejections = new Rejections();
  const text = draft.summary_text.replace(/\s+/gu, ' ').trim();
  const topics = cleanTopics(draft.key_topics, rejections);
  const problem = problemOf(text, topics);
  if (problem !== undefined) throw new AfterwordError('MODEL_OUTPUT_INVALID', problem);
  const result: SummaryResult = {
    summary_text: text,
    key_topics: topics,
    emotional_tone: draft.emotional_tone,
    compression_ratio: compressionRatio(text, transcript),
    confidence_score: clampConfidence(
      clampConfidence(draft.certainty) * grounding(draft.cited_lines, text, transcript),
    ),
  };
  return { result, rejected: rejections.counts() };
}

/** Fixed sentences, since they are sent back to the model and reported. */
function problemOf(text: string, topics: readonly string[]): string | undefined {
  if (text === '') return 'summary_text is empty';
  if (text.length > maxSummaryLength) return `summary_text is longer than ${maxSummaryLength} characters`;
  if (addressesReader(text)) {
    return 'summary_text speaks to or as somebody; write about "the user" in the third person, without "you" or "I"';
  }
  return topics.length < minTopics
    ? `key_topics needs ${minTopics} to ${maxTopics} specific topics`
    : undefined;
}

const emptyTopics =
  /^(?:(?:general|casual|small|daily|everyday|random) ?(?:conversation|chat|talk)|conversation|chat|talk|small ?talk|topics?|n\/?a|none|other|misc(?:ellaneous)?|unknown)$/iu;

function cleanTopics(drafts: readonly string[], rejections: Rejections): string[] {
  const topics = new Map<string, string>();
  for (const draft of drafts) {
    const topic = draft.replace(/\s+/gu, ' ').trim();
    if (topic === '' || topic.length > 80 || emptyTopics.test(topic)) rejections.add('topic-empty');
    else if (topics.has(topic.toLowerCase())) rejections.add('duplicate');
    else topics.set(topic.toLowerCase(), topic);
  }
  rejections.add('topic-over-limit', topics.size - maxTopics);
  return [...topics.values()].slice(0, maxTopics);
}

function compressionRatio(text: string, transcript: Transcript): number {
  const said = transcript.lines.filter(hasText).reduce((sum, { message }) => sum + message.content.length, 0);
  return Math.round((text.length / Math.max(said, 1)) * 10_000) / 10_000;
}

/** Share of the cited lines that exist and whose words the summary takes up, 0 to 1; nothing cited is 0. */
function grounding(cited: readonly number[], text: string, transcript: Transcript): number {
  const numbers = [...new Set(cited)];
  const lines = new Map(transcript.lines.filter(hasText).map((line) => [line.number, line.message.content]));
  const supporting = numbers.filter((number) => sharesContentWord(lines.get(number) ?? '', text));
  return numbers.length === 0 ? 0 : supporting.length / numbers.length;
}
