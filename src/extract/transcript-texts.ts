import { estimateTokens, isWithinTokens } from './estimate-tokens.ts';
import { fairLimit } from './line-budget.ts';
import { renderedTokens, renderTranscript, type RenderOptions } from './render-transcript.ts';
import { splitLines } from './split-lines.ts';
import type { Transcript } from './transcript.ts';

/** How much a model is asked to read at once. */
export interface TextLimits extends Pick<RenderOptions, 'timeZone'> {
  /** Of a transcript as it is sent, as estimated. */
  readonly maxTokens?: number | undefined;
}

/**
 * With prompt and schema it stays below 100,000 tokens, above which some models cost more for the
 * whole call, and leaves half of a context of 200,000 for the answer and for what was estimated wrongly.
 */
export const defaultTranscriptTokens = 80_000;

/** An exchange or two: a question stands beside its answer in one part at least. */
const overlapLines = 4;

/** One message takes at most so much of a text. */
const lineShare = 1 / 8;

/** However little room there is, a message keeps this much. */
const minLineTokens = 30;

/**
 * The window as it is asked about: one text, or beyond the limit several, each a part of its
 * lines under their own numbers. The same window gives the same texts.
 */
export function transcriptTexts(transcript: Transcript, limits: TextLimits = {}): string[] {
  const { maxTokens, render } = settled(limits);
  const whole = renderTranscript(transcript, render);
  if (isWithinTokens(whole, maxTokens)) return [whole];
  const { lines, frame } = renderedTokens(transcript, render);
  const sizes = transcript.lines.map(({ message }, index) => ({
    tokens: lines[index] ?? 0,
    sentAtMs: message.sentAtMs,
  }));
  const parts = splitLines(sizes, { maxTokens: maxTokens - frame, overlapLines });
  return parts.map((part) => renderTranscript(transcript, render, part));
}

/** All lines in one text, the longest of them cut until it keeps to the limit; short ones stay whole. */
export function cutTranscriptText(transcript: Transcript, limits: TextLimits = {}): string {
  const { maxTokens, render } = settled(limits);
  const frame = renderedTokens(transcript, { ...render, maxLineTokens: 0 });
  const frames = frame.lines.reduce((sum, tokens) => sum + tokens, frame.frame);
  const lengths = transcript.lines.map(({ message }) => estimateTokens(message.content));
  const maxLineTokens = fairLimit(lengths, maxTokens - frames, render.maxLineTokens, minLineTokens);
  return renderTranscript(transcript, { ...render, maxLineTokens });
}

function settled({ maxTokens = defaultTranscriptTokens, timeZone }: TextLimits): {
  readonly maxTokens: number;
  readonly render: RenderOptions & { readonly maxLineTokens: number };
} {
  const maxLineTokens = Math.floor(maxTokens * lineShare);
  return { maxTokens, render: { maxLineTokens, ...(timeZone === undefined ? {} : { timeZone }) } };
}
