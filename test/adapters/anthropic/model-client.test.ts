import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createAnthropicModelClient } from '../../../src/adapters/anthropic/model-client.ts';
import { AfterwordError, type ErrorCode } from '../../../src/errors.ts';
import { answerSchema } from '../../../src/extract/answer-schema.ts';
import type { ModelRequest } from '../../../src/extract/model-client.ts';
import { systemPrompt } from '../../../src/extract/prompts/system-prompt.ts';
import { builtInStages } from '../../../src/extract/stages/built-in-stages.ts';
import * as replies from '../../support/anthropic-replies.ts';
import { AnthropicServer, testApiKey } from '../../support/anthropic-server.ts';

const secretWords = 'my secret diagnosis';
const { signal } = new AbortController();
let server: AnthropicServer;

beforeAll(async () => {
  server = await AnthropicServer.start({ models: ['claude-haiku-5-5'] });
});
afterAll(async () => server.close());
beforeEach(() => {
  server.reset();
});

const clientOf = (
  options: { output?: 'schema' | 'tool'; timeoutMs?: number; apiKey?: string; baseURL?: string } = {},
) =>
  createAnthropicModelClient({ apiKey: testApiKey, baseURL: server.baseURL, timeoutMs: 10_000, ...options });

function requestOf(changes: Partial<ModelRequest<unknown>> = {}): ModelRequest<unknown> {
  return {
    model: 'claude-haiku-5-5',
    system: systemPrompt(builtInStages),
    user: `[1] user 14:03 ${secretWords}`,
    answerSchema: answerSchema(builtInStages),
    maxOutputTokens: 4_000,
    ...changes,
  };
}

/** A message as a compatible server may put it. */
const message = (content: readonly object[]): string =>
  JSON.stringify({
    type: 'message',
    model: 'm',
    content,
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 1 },
  });

/**
 * Tokens of English prose or of JSON, rather too many than too few: what byte-pair tokenizers cut a
 * text into before they join anything. A word with the blank before it is one, a long one begins another
 * after each eight letters; digits go in threes; marks go in pairs, as `":` and `{"` do; so does an
 * indent or a line break. Of this prompt and schema it makes a sixth more than the published o200k_base
 * does; how Claude counts is not published. What the provider adds around a prompt, a schema or a tool is not in it.
 */
function piecesOf(text: string): number {
  return text.match(/ ?\p{L}{1,8}|\p{N}{1,3}| ?[^\s\p{L}\p{N}]{1,2}|\s+/gu)?.length ?? 0;
}

async function failureOf(promise: Promise<unknown>): Promise<AfterwordError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AfterwordError);
  // Everything that a logger or a terminal could show of it, causes included.
  const shown = inspect(error, { depth: 10, showHidden: true });
  expect(shown).not.toContain(secretWords);
  expect(shown).not.toContain(testApiKey);
  expect(shown).not.toContain('refused:');
  return error as AfterwordError;
}

describe('what is sent', () => {
  afterEach(() => {
    expect(server.refusals).toEqual([]);
  });

  it('asks once, with the system prompt cached and a closed schema of all stages', async () => {
    const answer = await clientOf().ask(requestOf(), signal);
    expect(JSON.parse(answer.text)).toMatchObject({ facts: { facts: [{ entity_name: 'diagnosis' }] } });
    expect(answer.model).toBe('claude-haiku-5-5');
    const [call, ...others] = server.calls;
    expect(others).toEqual([]);
    expect(call?.question.fields).toEqual(['summary', 'facts', 'preferences']);
    expect(call?.request).toMatchObject({
      max_tokens: 4_000,
      system: [{ cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: [{ type: 'text', text: `[1] user 14:03 ${secretWords}` }] }],
    });
    expect(JSON.stringify(call?.request.messages)).not.toContain('cache_control');
  });

  it('counts tokens read from the cache within the input', async () => {
    const [first, second] = [
      await clientOf().ask(requestOf(), signal),
      await clientOf().ask(requestOf(), signal),
    ];
    expect(first.usage).toMatchObject({ cached_input_tokens: 0, calls: 1 });
    const { cache_write_input_tokens: written, ...others } = first.usage;
    // What the first wrote is what the second read.
    expect(second.usage).toEqual({ ...others, cached_input_tokens: written });
    expect(second.usage.cached_input_tokens).toBeGreaterThan(1_000);
    expect(second.usage.cached_input_tokens).toBeLessThan(second.usage.input_tokens);
  });

  it('sends a repair as a conversation that goes on', async () => {
    await clientOf().ask(
      requestOf({ repair: { answer: '{"facts": 1} ', problem: 'facts: wrong' }, reuseUser: true }),
      signal,
    );
    expect(server.calls[0]?.request.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(server.calls[0]?.question.repair).toBe('facts: wrong');
    expect(server.calls[0]?.request.messages[0]?.content).toMatchObject([
      { cache_control: { type: 'ephemeral' } },
    ]);
  });

  it('proves credentials with a call that costs next to nothing', async () => {
    await expect(clientOf().verifyCredentials('claude-haiku-5-5', signal)).resolves.toBe('claude-haiku-5-5');
    expect(server.calls[0]?.request.max_tokens).toBeLessThan(100);
    expect(server.calls[0]?.question.fields).toEqual(['ok']);
  });

  it('forces one tool with the same closed schema, and reads what it is called with', async () => {
    const answer = await clientOf({ output: 'tool' }).ask(requestOf(), signal);
    expect(JSON.parse(answer.text)).toMatchObject({ facts: { facts: [{ entity_name: 'diagnosis' }] } });
    await clientOf().ask(requestOf(), signal);
    const [byTool, bySchema] = server.calls.map(({ request }) => request);
    expect(byTool?.output_config).toBeUndefined();
    expect(byTool?.tool_choice).toEqual({ type: 'tool', name: byTool?.tools?.[0]?.name });
    expect(byTool?.tools?.[0]?.input_schema).toEqual(bySchema?.output_config?.format?.schema);
    expect(byTool?.system).toEqual(bySchema?.system);
    expect(bySchema?.tools).toBeUndefined();
  });

  it('takes what is written for the answer where the tool is not called', async () => {
    server.script({ kind: 'raw', body: message([{ type: 'text', text: '{"facts":1}' }]) });
    expect(await clientOf({ output: 'tool' }).ask(requestOf(), signal)).toMatchObject({
      text: '{"facts":1}',
    });
  });

  it('takes the text of a tool’s input that a server did not parse', async () => {
    server.script({
      kind: 'raw',
      body: message([{ type: 'tool_use', name: 'answer', input: '{"facts":1}' }]),
    });
    expect(await clientOf({ output: 'tool' }).ask(requestOf(), signal)).toMatchObject({
      text: '{"facts":1}',
    });
  });

  it('uses the key and address that it was given, whatever the environment says', async () => {
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:1');
    vi.stubEnv('ANTHROPIC_API_KEY', 'another');
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'a-token');
    vi.stubEnv('ANTHROPIC_LOG', 'debug');
    const spies = (['debug', 'info', 'warn', 'error', 'log'] as const).map((name) => vi.spyOn(console, name));
    try {
      await clientOf().ask(requestOf(), signal);
      expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    }
  });

  it.each(['schema', 'tool'] as const)(
    'keeps system prompt and form of the built-in stages within 2,500 tokens, asked by %s',
    async (output) => {
      await clientOf({ output }).ask(requestOf(), signal);
      const request = server.calls[0]?.request;
      const form = JSON.stringify(output === 'schema' ? request?.output_config : request?.tools);
      expect(form).toContain('"evidence"');
      expect(form).not.toContain('9007199254740991');
      expect(piecesOf(systemPrompt(builtInStages)) + piecesOf(form)).toBeLessThan(2_500);
    },
  );
});

describe('what fails', () => {
  const cases: readonly [string, replies.Reply, ErrorCode, object][] = [
    [
      'a rate limit',
      replies.rateLimited(),
      'MODEL_RATE_LIMITED',
      { retryable: true, retryAfterMs: undefined },
    ],
    ['a rate limit with a wait', replies.rateLimited(7), 'MODEL_RATE_LIMITED', { retryAfterMs: 7_000 }],
    ['the spend limit of the tier', replies.spendLimit(), 'MODEL_SPEND_LIMIT', { retryable: false }],
    ['the spend limit of the customer', replies.ownSpendLimit(), 'MODEL_SPEND_LIMIT', { retryable: false }],
    ['a bill that is not paid', replies.error(402, 'billing_error'), 'MODEL_SPEND_LIMIT', {}],
    ['overload', replies.overloaded(), 'MODEL_OVERLOADED', { retryable: true }],
    ...[500, 501, 502, 503, 504].map((status): [string, replies.Reply, ErrorCode, object] => [
      `status ${status}`,
      replies.error(status),
      'MODEL_OVERLOADED',
      { retryable: true },
    ]),
    ['bad credentials', replies.badCredentials(), 'MODEL_CREDENTIALS', { retryable: false }],
    ['missing permission', replies.error(403, 'permission_error'), 'MODEL_CREDENTIALS', {}],
    [
      'a bad request',
      replies.error(400, 'invalid_request_error'),
      'MODEL_REQUEST_INVALID',
      { retryable: false },
    ],
    ['a request too large', replies.error(413, 'request_too_large'), 'MODEL_REQUEST_INVALID', {}],
    ['a reset connection', replies.resetConnection(), 'MODEL_UNREACHABLE', { retryable: true }],
    ['a body that breaks off', replies.resetMidBody(), 'MODEL_UNREACHABLE', { retryable: true }],
    [
      'a body that is not JSON',
      { kind: 'raw', body: `{"content": "${secretWords}` },
      'MODEL_UNREACHABLE',
      {},
    ],
    [
      'a page instead of the API',
      { kind: 'raw', body: `<html>${secretWords}`, contentType: 'text/html' },
      'MODEL_UNREACHABLE',
      {},
    ],
    ['JSON that is no message', { kind: 'raw', body: `{"text": "${secretWords}"}` }, 'MODEL_UNREACHABLE', {}],
    ['an answer that is cut off', replies.cutOff(), 'MODEL_CUT_OFF', { details: { calls: 1 } }],
    ['a context that is exceeded', replies.contextExceeded(), 'MODEL_CUT_OFF', { details: { calls: 1 } }],
    ['a refusal', replies.refusal(), 'MODEL_REFUSED', { details: { calls: 1, stopReason: 'refusal' } }],
    ['an empty answer', replies.emptyAnswer(), 'MODEL_OUTPUT_INVALID', { details: { calls: 1 } }],
  ];

  it.each(cases)(
    'names %s, quotes nothing and does not try again by itself',
    async (_, reply, code, fields) => {
      server.script(reply);
      const error = await failureOf(clientOf().ask(requestOf(), signal));
      expect(error).toMatchObject({ code, ...fields });
      expect(server.calls).toHaveLength(1);
    },
  );

  it('tells the tokens that a cut-off answer was paid for', async () => {
    server.script(replies.cutOff());
    const { details } = await failureOf(clientOf().ask(requestOf(), signal));
    expect(details['output_tokens']).toBeGreaterThan(0);
    expect(details['input_tokens']).toBeGreaterThan(1_000);
  });

  it('says that a model does not exist for the key, which no retry mends', async () => {
    const error = await failureOf(clientOf().ask(requestOf({ model: 'claude-typo' }), signal));
    expect(error).toMatchObject({ code: 'MODEL_CREDENTIALS', retryable: false, details: { status: 404 } });
    expect(error.hint).toContain('AFTERWORD_MODEL');
  });

  it('says that a wrong key is refused', async () => {
    const error = await failureOf(
      clientOf({ apiKey: 'wrong' }).verifyCredentials('claude-haiku-5-5', signal),
    );
    expect(error.code).toBe('MODEL_CREDENTIALS');
  });

  it('says that nobody listens', async () => {
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address() as AddressInfo;
        probe.close(() => {
          resolve(free);
        });
      });
    });
    const error = await failureOf(clientOf({ baseURL: `http://127.0.0.1:${port}` }).ask(requestOf(), signal));
    expect(error).toMatchObject({ code: 'MODEL_UNREACHABLE', retryable: true });
  });

  it.each([
    ['head', replies.hang()],
    ['body', replies.hangMidBody()],
  ])('gives up when the %s of an answer does not come in time, and hangs up', async (_, reply) => {
    server.script(reply);
    const error = await failureOf(clientOf({ timeoutMs: 200 }).ask(requestOf(), signal));
    expect(error).toMatchObject({ code: 'MODEL_TIMEOUT', retryable: true });
    await vi.waitFor(() => {
      expect(server.calls[0]?.aborted).toBe(true);
    });
  });

  it.each([
    ['head', replies.hang()],
    ['body', replies.hangMidBody()],
  ])('cancels the request on the wire while it waits for the %s', async (_, reply) => {
    server.script(reply);
    const aborting = new AbortController();
    const asked = clientOf().ask(requestOf(), aborting.signal);
    await vi.waitFor(() => {
      expect(server.calls).toHaveLength(1);
    });
    const reason = new Error('shutting down');
    aborting.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await vi.waitFor(() => {
      expect(server.calls[0]?.aborted).toBe(true);
    });
  });

  it('names the same failures when it asks by a tool', async () => {
    const client = clientOf({ output: 'tool' });
    server.script(replies.cutOff(), replies.refusal(), replies.emptyAnswer());
    for (const code of ['MODEL_CUT_OFF', 'MODEL_REFUSED', 'MODEL_OUTPUT_INVALID']) {
      expect(await failureOf(client.ask(requestOf(), signal))).toMatchObject({ code, details: { calls: 1 } });
    }
    server.script(replies.malformedJson());
    expect((await client.ask(requestOf(), signal)).text).toBe('{"facts": {"facts": [');
  });

  it('stops for a server that refuses structured output, and names the setting', async () => {
    const compatible = await AnthropicServer.start({ structuredOutput: 'refuses' });
    try {
      const { baseURL } = compatible;
      for (const asked of [
        clientOf({ baseURL }).ask(requestOf(), signal),
        clientOf({ baseURL }).verifyCredentials('any', signal),
      ]) {
        const error = await failureOf(asked);
        expect(error).toMatchObject({ code: 'MODEL_CREDENTIALS', retryable: false });
        expect(error.hint).toContain('MODEL_OUTPUT=tool');
      }
      const answer = await clientOf({ baseURL, output: 'tool' }).ask(requestOf(), signal);
      expect(JSON.parse(answer.text)).toHaveProperty('summary');
    } finally {
      await compatible.close();
    }
  });

  it('finds out by the proof of credentials that a server answers in no form', async () => {
    const compatible = await AnthropicServer.start({ structuredOutput: 'ignores' });
    try {
      const { baseURL } = compatible;
      const error = await failureOf(clientOf({ baseURL }).verifyCredentials('any', signal));
      expect(error).toMatchObject({ code: 'MODEL_OUTPUT_INVALID' });
      expect(error.hint).toContain('MODEL_OUTPUT=tool');
      await expect(clientOf({ baseURL, output: 'tool' }).verifyCredentials('any', signal)).resolves.toBe(
        'any',
      );
    } finally {
      await compatible.close();
    }
  });

  it.each([
    'output_config.format.schema: recursive schemas are not supported',
    'messages.0: "output_config: unknown" is not permitted',
  ])('takes a bad request for this question’s own: %s', async (words) => {
    server.script({ kind: 'error', status: 400, type: 'invalid_request_error', message: words });
    const error = await failureOf(clientOf().ask(requestOf(), signal));
    expect(error).toMatchObject({ code: 'MODEL_REQUEST_INVALID' });
    expect(error.hint).toContain('MODEL_OUTPUT=tool');
  });

  it('sends nothing when it is aborted before', async () => {
    await expect(clientOf().ask(requestOf(), AbortSignal.abort(new Error('too late')))).rejects.toThrow(
      'too late',
    );
    expect(server.calls).toEqual([]);
  });

  it('refuses a plug-in’s schema that the API could not keep to, before sending anything', async () => {
    const open = z.object({ mine: z.record(z.string(), z.string()) });
    const error = await failureOf(clientOf().ask(requestOf({ answerSchema: open }), signal));
    expect(error).toMatchObject({ code: 'MODEL_REQUEST_INVALID', retryable: false });
    expect(server.calls).toEqual([]);
    expect(server.refusals).toEqual([]);
  });
});
