import { z } from 'zod';

import type { AnswerStore } from '../../src/extract/answer-store.ts';
import type { ClaimedWindow } from '../../src/extract/extraction-store.ts';
import { identitiesOf, spanOf } from '../../src/extract/members-digest.ts';
import type { ModelClient } from '../../src/extract/model-client.ts';
import type { Stage } from '../../src/extract/stage.ts';
import type { Transcript } from '../../src/extract/transcript.ts';
import type { StoredMessage } from '../../src/model/message.ts';
import { factsResultSchema, noUsage, type FactResult, type FactsResult } from '../../src/model/results.ts';
import type { Lane } from './lane.ts';
import { lockKeysById } from './simulated-keys.ts';
import type { SimulatedDatabase } from './simulated-database.ts';

/** What people say in a simulation: `lives p1 v3`, `likes t2 v1`; the last word makes an edit another text. */
const statement = /\b(lives|likes) (\w+) v\d+/g;

const wordsSchema = z.strictObject({ said: z.array(z.string()) });

/**
 * The stage that is simulated: it finds what was stated, as a function of the members alone, and
 * refuses an answer that speaks of other words than theirs, as one to another question would.
 */
export const simulatedStage: Stage = {
  name: 'facts',
  version: '1',
  minMessages: 1,
  draftSchema: wordsSchema,
  resultSchema: factsResultSchema,
  prompt: '',
  check: (draft, transcript) => {
    const { said } = wordsSchema.parse(draft);
    const members = transcript.lines.flatMap(({ message }) => statementsIn(message.content));
    if (said.join() !== members.join()) throw new Error('an answer to another question');
    return { result: factsOf(transcript), rejected: {} };
  },
};

/** One fact for each statement of a user. */
export function factsOf({ lines }: Pick<Transcript, 'lines'>): FactsResult {
  const facts = lines.flatMap(({ message }) => (message.role === 'user' ? statedIn(message) : []));
  return { facts };
}

function statedIn({ content, messageId }: StoredMessage): FactResult[] {
  return [...content.matchAll(statement)].map(([quote, verb, entity]) => ({
    relation: verb === 'lives' ? 'lives_in' : 'likes',
    entity_name: entity ?? '',
    entity_type: verb === 'lives' ? 'place' : 'food',
    polarity: 'positive',
    modality: 'stated',
    confidence: 0.9,
    valid_from: null,
    valid_to: null,
    evidence: [{ message_id: messageId, quote }],
  }));
}

function statementsIn(text: string): string[] {
  return [...text.matchAll(statement)].map(([words]) => words);
}

/** Answers with the words that it was shown; stands still, or is away, where the lane's plan says so. */
export function simulatedModel(lane: Lane): ModelClient {
  return {
    ask: async ({ user, model }, signal) => {
      await lane.call('ask the model', 'MODEL_OVERLOADED');
      signal.throwIfAborted();
      const said = statementsIn(user);
      return { model, text: JSON.stringify({ facts: { said } }), usage: { ...noUsage, calls: 1 } };
    },
    verifyCredentials: (model) => Promise.resolve(model),
  };
}

/** Answers of one window with these members; the first under a key stays. */
export function simulatedAnswers(
  database: SimulatedDatabase,
  lane: Lane,
  claim: ClaimedWindow,
  members: readonly StoredMessage[],
): AnswerStore {
  return {
    find: (key) =>
      database.statement(lane, 'find an answer', () => {
        const found = database.answers.find(key);
        if (found === undefined) return undefined;
        lane.note('kept answer found again');
        return { model: 'any', text: found.text, usage: noUsage };
      }),
    keep: (key, answer) =>
      database.statement(lane, 'keep the answer', async (transaction) => {
        // Shared in SQL; here it waits for other keepers too.
        await lockKeysById(database, transaction, [claim.keyId]);
        const isDeleted = (id: string): boolean => database.messages.find(id)?.deleted === true;
        if (identitiesOf(members).some(isDeleted)) return;
        const { membersFromMs: fromMs, membersToMs: toMs } = spanOf(members, claim);
        await database.answers.write(transaction, key, (known) =>
          known === undefined
            ? { keyId: claim.keyId, windowId: claim.windowId, fromMs, toMs, text: answer.text }
            : undefined,
        );
      }),
  };
}
