import type { StageOutcome } from '../extract/stage.ts';
import type { LabelledConversation } from './labelled-conversation.ts';
import { scoreConversation, type ConversationScore } from './score-conversation.ts';

export interface EvaluateOptions {
  readonly conversations: readonly LabelledConversation[];
  /** Extracts as the product would; rejects only with what must end the whole run. */
  readonly runStages: (conversation: LabelledConversation) => Promise<readonly StageOutcome[]>;
  /** Conversations under way at the same time. */
  readonly concurrency: number;
  readonly onScored: (scored: number) => void;
  readonly signal: AbortSignal;
}

/** Runs and scores every conversation; the scores come in the order of the file. */
export async function evaluateConversations(options: EvaluateOptions): Promise<readonly ConversationScore[]> {
  const { conversations, runStages, concurrency, onScored, signal } = options;
  const scores = new Map<LabelledConversation, ConversationScore>();
  const queue = [...conversations];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      signal.throwIfAborted();
      scores.set(next, scoreConversation(next, await runStages(next)));
      onScored(scores.size);
    }
  };
  const workers = Array.from({ length: Math.max(1, concurrency) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    // The others end after what they have in hand: nobody waits for their results.
    queue.length = 0;
    throw error;
  }
  return conversations.flatMap((conversation) => scores.get(conversation) ?? []);
}
