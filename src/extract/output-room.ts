import type { Effort } from '../model/strategy-choices.ts';
import type { CallPurpose } from './call-ledger.ts';
import { estimateTokens } from './estimate-tokens.ts';

/** No answer has less room, so that a rich conversation of a few words is not cut off. */
export const leastOutputTokens = 1_500;
/** And none more: what a model may write beyond it is no answer to a window. */
export const mostOutputTokens = 8_000;

/** What a stage's answer takes whatever the window: its frame, a summary, its first claims. */
const tokensOfStage = 500;
/** Claims with their quotes are longer than what they are drawn from. */
const tokensOfTranscriptToken = 6;
/** A corrected answer may be complete where the first was not. */
const tokensOfRepairedToken = 2;

export interface AskedOutput {
  /** The transcript, as it is sent. */
  readonly user: string;
  readonly stages: number;
  readonly purpose: CallPurpose;
  readonly effort: Effort | undefined;
  /** With a repair: the answer that is to be corrected. */
  readonly answer: string | undefined;
}

/**
 * How long an answer may be, tokens: by what there is to be read and how many stages answer. It
 * bounds what a call can cost, and so what a budget reserves for it. Whoever is asked alone has all
 * the room there is, for the answer before may have been cut off; so has a model that is told how hard
 * to think, since its thoughts count.
 */
export function outputTokensFor({ user, stages, purpose, effort, answer }: AskedOutput): number {
  if (purpose === 'alone' || effort !== undefined) return mostOutputTokens;
  const read = stages * tokensOfStage + tokensOfTranscriptToken * estimateTokens(user);
  const corrected = answer === undefined ? 0 : tokensOfStage + tokensOfRepairedToken * estimateTokens(answer);
  return Math.min(mostOutputTokens, Math.max(leastOutputTokens, read, corrected));
}
