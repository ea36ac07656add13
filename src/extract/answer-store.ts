import { createHash } from 'node:crypto';
import type { EndedCall } from './call-ledger.ts';
import type { ModelAnswer } from './model-client.ts';

/** A model's answer as it was received, with what it cost. */
export type KeptAnswer = ModelAnswer;

/** One that has just come, with its call where calls are recorded. */
export interface ReceivedAnswer extends KeptAnswer {
  readonly call?: EndedCall | undefined;
}

/**
 * Where answers that were paid for are kept. `keep` is its own short transaction and
 * is awaited before the answer is used: whatever crashes afterwards, nobody pays for
 * it again. The first answer under a key stays; keeping another is no error. It holds
 * what a model wrote about a user, so erasing a user erases it, and an answer that quotes
 * a message which was deleted meanwhile is not kept. Its call is recorded in the same
 * transaction in any case: it was paid for.
 */
export interface AnswerStore {
  /** Its usage is what is still to be counted: zeros once results made from it are stored. */
  find(key: string, signal: AbortSignal): Promise<KeptAnswer | undefined>;
  keep(key: string, answer: ReceivedAnswer, signal: AbortSignal): Promise<void>;
}

/** Everything that decides what a model is asked; two equal questions have one key. */
export interface AnswerKeyParts {
  /** Digest of the window's members (their identities and texts). */
  readonly membersDigest: string;
  /** Of all words sent: system prompt, transcript, repair. */
  readonly promptHash: string;
  readonly model: string;
  /** Which stages, in which versions, are asked together. */
  readonly callShape: string;
}

export function answerKey({ membersDigest, promptHash, model, callShape }: AnswerKeyParts): string {
  return hashOf([membersDigest, promptHash, model, callShape]);
}

/** Lengths go in beside the texts, so that no two lists run together. */
export function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  return hash.digest('hex');
}
