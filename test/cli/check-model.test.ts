import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkModel } from '../../src/cli/doctor-checks/check-services.ts';
import { configOf } from '../config/config-files.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';

let server: AnthropicServer;
beforeAll(async () => {
  server = await AnthropicServer.start({ models: ['claude-haiku-5-5', 'claude-sonnet-5'] });
});
afterAll(async () => server.close());

it('asks every model that a strategy or bot has, and names the one that is not there', async () => {
  const strategies = {
    default: { weight: 1 },
    other: { weight: 1, model: 'claude-sonnet-5' },
    misspelt: { weight: 1, model: 'claude-sonet-5' },
  };
  const environment = { ANTHROPIC_API_KEY: testApiKey, ANTHROPIC_BASE_URL: server.baseURL };
  const findings = await checkModel(configOf(environment, { strategies }));
  expect(findings).toMatchObject([
    { state: 'ok', says: 'claude-haiku-5-5 answers' },
    { state: 'fail', says: expect.stringMatching(/^claude-sonet-5: /) as string },
    { state: 'ok', says: 'claude-sonnet-5 answers' },
  ]);
});
