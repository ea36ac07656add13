import { AfterwordError } from '../../errors.ts';
import { summaryResultSchema, type SummaryResult } from '../../model/results.ts';
import { hasText } from '../evidence.ts';
import { compressionRatio, groundedShare, topicDiversity } from '../summary-quality.ts';
import type { CheckedResult, Stage } from '../stage.ts';
import type { Transcript } from '../transcript.ts';
import { sharesContentWord } from '../validators/content-words.ts';
import { addressesReader } from '../validators/third-person.ts';
import { topicCheck, type TopicCheck } from '../validators/topic.ts';
import { summaryDraftSchema, type SummaryDraft } from './drafts.ts';
import { mergeSummaries } from './merge-summaries.ts';
import { clampConfidence, Rejections } from './rejections.ts';

const minTopics = 2;
const maxTopics = 5;
const maxSummaryLength = 4_000;

/** What happened in the window, in the third person. */
export const summaryStage: Stage<SummaryDraft, SummaryResult> = {
  name: 'summary',
  version: '3',
  // Shorter ones are better read than summed up.
  minMessages: 5,
  draftSchema: summaryDraftSchema,
  resultSchema: summaryResultSchema,
  check: checkSummary,
  merge: mergeSummaries,
};

/** A summary is one claim: when it does not hold there is no result (MODEL_OUTPUT_INVALID). */
function checkSummary(draft: SummaryDraft, transcript: Transcript): CheckedResult<SummaryResult> {
  const rejections = new Rejections();
  const text = draft.summary_text.replace(/\s+/gu, ' ').trim();
  const grounded = groundedShare(text, transcript);
  const vouches = grounded >= vouchingShare ? text : '';
  const topics = cleanTopics(draft.key_topics, topicCheck(transcript, vouches), rejections);
  const problem = problemOf(text, topics);
  if (problem !== undefined) throw new AfterwordError('MODEL_OUTPUT_INVALID', problem);
  const result: SummaryResult = {
    summary_text: text,
    key_topics: topics,
    emotional_tone: draft.emotional_tone,
    compression_ratio: compressionRatio(text, transcript),
    topic_diversity: topicDiversity(topics),
    grounded_share: grounded,
    confidence_score: clampConfidence(
      clampConfidence(draft.certainty) * citedShare(draft.cited_lines, text, transcript) * grounded,
    ),
  };
  return { result, rejected: rejections.counts() };
}

/** From here on a summary is taken to speak of its transcript. */
const vouchingShare = 0.5;

/** Fixed sentences, since they are sent back to the model and reported. */
function problemOf(text: string, topics: readonly string[]): string | undefined {
  if (text === '') return 'summary_text is empty';
  if (text.length > maxSummaryLength) return `summary_text is longer than ${maxSummaryLength} characters`;
  if (addressesReader(text)) {
    return 'summary_text speaks to or as somebody; write about "the user" in the third person, without "you" or "I"';
  }
  return topics.length < minTopics
    ? `key_topics needs ${minTopics} to ${maxTopics} specific topics, in words of the conversation`
    : undefined;
}

function cleanTopics(drafts: readonly string[], refuse: TopicCheck, rejections: Rejections): string[] {
  const topics = new Map<string, string>();
  for (const draft of drafts) {
    const topic = draft.replace(/\s+/gu, ' ').trim();
    const refusal = topics.has(topic.toLowerCase()) ? 'duplicate' : refuse(topic);
    if (refusal === undefined) topics.set(topic.toLowerCase(), topic);
    else rejections.add(refusal);
  }
  rejections.add('topic-over-limit', topics.size - maxTopics);
  return [...topics.values()].slice(0, maxTopics);
}

/** Share of the cited lines that exist and whose words the summary takes up, 0 to 1; nothing cited is 0. */
function citedShare(cited: readonly number[], text: string, transcript: Transcript): number {
  const numbers = [...new Set(cited)];
  const lines = new Map(transcript.lines.filter(hasText).map((line) => [line.number, line.message.content]));
  const supporting = numbers.filter((number) => sharesContentWord(lines.get(number) ?? '', text));
  return numbers.length === 0 ? 0 : supporting.length / numbers.length;
}
