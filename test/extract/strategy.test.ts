import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnthropicModelClient } from '../../src/adapters/anthropic/model-client.ts';
import type { AnswerStore, KeptAnswer } from '../../src/extract/answer-store.ts';
import { askStages, type AskStagesOptions } from '../../src/extract/ask-stages.ts';
import { ModelGate } from '../../src/extract/model-gate/model-gate.ts';
import { builtInPrompts } from '../../src/extract/prompts/built-in-prompts.ts';
import { stagesUnder } from '../../src/extract/prompts/stages-under.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import { strategyFor, type Strategy } from '../../src/extract/strategy.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';
import { ManualTiming, transcriptOf } from '../support/extraction.ts';

const transcript = transcriptOf(
  ['user', 'I play badminton every weekend.'],
  ['assistant', 'Nice!'],
  ['user', 'In a hall near the harbour.'],
);

let server: AnthropicServer;
const answers = new Map<string, KeptAnswer>();
const store: AnswerStore = {
  find: (key) => Promise.resolve(answers.get(key)),
  keep: (key, answer) => {
    answers.set(key, answer);
    return Promise.resolve();
  },
};

beforeAll(async () => {
  server = await AnthropicServer.start();
});
afterAll(async () => server.close());
beforeEach(() => {
  server.reset();
  answers.clear();
});

async function ask(changes: Partial<AskStagesOptions>): Promise<void> {
  const timing = new ManualTiming();
  await askStages({
    stages: builtInStages.slice(1, 2),
    transcript,
    membersDigest: 'any',
    client: createAnthropicModelClient({ apiKey: testApiKey, baseURL: server.baseURL, timeoutMs: 5_000 }),
    gate: new ModelGate({ maxConcurrency: 1, timing }),
    model: 'claude-sonnet-5',
    timing,
    answers: store,
    signal: new AbortController().signal,
    ...changes,
  });
  expect(server.refusals).toEqual([]);
}

describe('what a strategy names', () => {
  it('reaches the model: effort beside the schema, and the words of its prompt', async () => {
    await ask({ effort: 'low', prompts: { ...builtInPrompts(), rules: 'Be brief.' } });
    const { output_config: config, system } = server.calls[0]?.request ?? {};
    expect(config).toMatchObject({ effort: 'low', format: { type: 'json_schema' } });
    expect(system).toMatchObject([{ text: expect.stringMatching(/^Be brief\.\n\n# facts\n/) as string }]);
  });

  it('is not said where it names nothing', async () => {
    await ask({});
    expect(Object.keys(server.calls[0]?.request.output_config ?? {})).toEqual(['format']);
  });

  it('is part of what kept answers are found by', async () => {
    const other = { ...builtInPrompts(), facts: '# facts\nOnly names.' };
    const questions: Partial<AskStagesOptions>[] = [
      {},
      { effort: 'low' },
      { effort: 'high' },
      { model: 'claude-opus-5' },
      { prompts: other },
      { prompts: other, stages: stagesUnder(other, builtInStages.slice(1, 2)) },
    ];
    for (const question of [...questions, ...questions]) await ask(question);
    expect(server.calls).toHaveLength(questions.length);
  });
});

describe('the strategy of a user', () => {
  const bot = { stages: builtInStages, model: 'any' };

  it('is the one by default where a bot tells none', () => {
    expect(strategyFor(bot, { botId: 'aria', userId: 'ann' })).toEqual({
      name: 'default',
      weight: 1,
      model: 'any',
      callShape: 'together',
      effort: undefined,
      prompts: builtInPrompts(),
      stages: builtInStages,
    });
  });

  it('is one of those that the bot tells', () => {
    const plain = strategyFor(bot, { botId: 'aria', userId: 'ann' });
    const strategies: Strategy[] = ['one', 'two'].map((name) => ({ ...plain, name }));
    const chosen = Array.from({ length: 40 }, (_, index) =>
      strategyFor({ ...bot, strategies }, { botId: 'aria', userId: `user-${index}` }),
    );
    expect(new Set(chosen)).toEqual(new Set(strategies));
  });
});
