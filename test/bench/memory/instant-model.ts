import type { ModelClient } from '../../../src/extract/model-client.ts';

/** A model within this process that finds what people say they like, at once. */
export const instantModel: ModelClient = {
  verifyCredentials: (model) => Promise.resolve(model),
  ask: ({ user, model }) => {
    const liked = [...user.matchAll(/^\[(\d+)\] user \d\d:\d\d (I like (\w+) a lot\.)$/gmu)];
    const facts = liked.map(([, line, quote, entity]) => ({
      relation: 'likes',
      predicate: null,
      entity_name: entity,
      entity_type: 'food',
      attributes: [],
      polarity: 'positive',
      modality: 'stated',
      confidence: 0.9,
      valid_from: null,
      valid_to: null,
      evidence: [{ line: Number(line), quote }],
    }));
    const usage = { input_tokens: 100, cached_input_tokens: 0, output_tokens: 50, calls: 1 };
    return Promise.resolve({ model, text: JSON.stringify({ facts: { facts } }), usage });
  },
};
