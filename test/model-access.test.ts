import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load-config.ts';
import { answerSchema } from '../src/extract/answer-schema.ts';
import { builtInStages } from '../src/extract/stages/built-in-stages.ts';
import { openModelAccess } from '../src/model-access.ts';
import { AnthropicServer, testApiKey } from './support/anthropic-server.ts';

let server: AnthropicServer;
beforeAll(async () => {
  server = await AnthropicServer.start();
});
afterAll(async () => server.close());

const environment = (): Record<string, string> => ({
  ANTHROPIC_API_KEY: testApiKey,
  ANTHROPIC_BASE_URL: server.baseURL,
});

it('is none without a key', async () => {
  expect(await openModelAccess(loadConfig({}, () => ''))).toBeUndefined();
});

it.each(['schema', 'tool'])('asks in the form that is configured: %s', async (form) => {
  server.reset();
  const config = loadConfig({ ...environment(), MODEL_OUTPUT: form, EXTRACT_CONCURRENCY: '7' }, () => '');
  const access = await openModelAccess(config);
  expect(access?.gate.state().maxConcurrency).toBe(7);
  await access?.client.ask(
    {
      model: config.extract.model,
      system: 'any',
      user: 'any',
      answerSchema: answerSchema(builtInStages),
      maxOutputTokens: 100,
    },
    new AbortController().signal,
  );
  const [call, ...others] = server.calls;
  expect(others).toEqual([]);
  expect(call?.request.tool_choice === undefined).toBe(form === 'schema');
  expect(call?.question.fields).toEqual(['summary', 'facts', 'preferences']);
});
