import { afterEach, describe, expect, it } from 'vitest';
import { createOpenAiEmbedder } from '../../../src/adapters/embeddings/openai-embedder.ts';
import { embeddingsAddress } from '../../../src/adapters/embeddings/openai-request.ts';
import { AfterwordError } from '../../../src/errors.ts';
import type { Embedder } from '../../../src/publish/embedder.ts';
import { until } from '../../support/until.ts';
import { EmbeddingsServer, type EmbeddingsServerOptions, type Fault } from './embeddings-server.ts';

const apiKey = 'test-key-that-must-not-leak';
const model = 'small-one';
const secret = 'Ann is afraid of spiders';
const never = new AbortController().signal;

const servers: EmbeddingsServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options: Partial<EmbeddingsServerOptions> = {}): Promise<EmbeddingsServer> {
  const server = await EmbeddingsServer.start({ model, apiKey, dimension: 6, ...options });
  servers.push(server);
  return server;
}

function open(
  server: EmbeddingsServer,
  changes: { apiKey?: string; model?: string; timeoutMs?: number } = {},
): Promise<Embedder> {
  return createOpenAiEmbedder({ url: server.url, model, apiKey, timeoutMs: 5_000, ...changes });
}

async function failureOf(work: Promise<unknown>): Promise<AfterwordError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AfterwordError)) throw new Error('it did not fail as it should');
  return thrown;
}

/** All that a logger could print of it, causes included. */
function everythingOf(error: Error): string {
  const cause = error.cause instanceof Error ? everythingOf(error.cause) : '';
  return [error.message, error.stack, JSON.stringify(error), cause].join('\n');
}

/** The first number is the text's length, so the angle tells which text a vector is of. */
function lengthsTold(vectors: readonly (readonly number[])[]): number[] {
  return vectors.map(([first = 0, second = 1]) => Math.round((first / second) * 3));
}

describe('the OpenAI-compatible embedder', () => {
  it('asks once for the dimension and is named for model and dimension', async () => {
    const server = await start();
    const embedder = await open(server);
    expect(embedder.dimension).toBe(6);
    expect(embedder.name).toBe('small-one@6');
    expect(server.inputs).toHaveLength(1);
  });

  it('gives one vector of unit length for each text, in the order of the texts', async () => {
    const server = await start();
    const embedder = await open(server);
    const texts = Array.from({ length: 100 }, (_, at) => 'x'.repeat(1 + ((at * 37) % 100)));
    const vectors = await embedder.embed(texts, never);
    expect(lengthsTold(vectors)).toEqual(texts.map(({ length }) => length));
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 10);
    expect(server.refusals).toEqual([]);
    expect(Math.max(...server.inputs.map(({ length }) => length))).toBeLessThanOrEqual(32);
    expect(await embedder.embed([], never)).toEqual([]);
  });

  it('works without a key, and sends none', async () => {
    const server = await EmbeddingsServer.start({ model, dimension: 3 });
    servers.push(server);
    const embedder = await createOpenAiEmbedder({ url: server.url, model, timeoutMs: 5_000 });
    expect(embedder.dimension).toBe(3);
  });

  it.each([
    ['https://host', 'https://host/v1/embeddings'],
    ['https://host/', 'https://host/v1/embeddings'],
    ['https://host/v1', 'https://host/v1/embeddings'],
    ['https://host/openai/v1/', 'https://host/openai/v1/embeddings'],
    ['https://host/v1/embeddings', 'https://host/v1/embeddings'],
    ['https://host/x/embeddings?api-version=1', 'https://host/x/embeddings?api-version=1'],
  ])('takes %s for %s', (given, meant) => {
    expect(embeddingsAddress(given)).toBe(meant);
  });

  it('makes requests smaller where the server takes fewer texts', async () => {
    const server = await start({ maxTexts: 5 });
    const embedder = await open(server);
    const texts = Array.from({ length: 33 }, (_, at) => 'x'.repeat(at + 1));
    expect(lengthsTold(await embedder.embed(texts, never))).toEqual(texts.map(({ length }) => length));
  });

  it('embeds a text too long for the model by its beginning, and lets it hold up no other', async () => {
    const server = await start({ maxTextChars: 600 });
    const embedder = await open(server);
    const texts = ['short', '🐈'.repeat(5_000), 'also short'];
    const told = lengthsTold(await embedder.embed(texts, never));
    expect([told[0], told[2]]).toEqual([5, 10]);
    expect(told[1]).toBeGreaterThan(250);
    expect(told[1]).toBeLessThanOrEqual(600);
    expect(server.refusals).not.toContain('lone surrogate');
  });

  it('embeds a blank text, which services refuse, as one that says nothing', async () => {
    const embedder = await open(await start());
    expect(await embedder.embed(['', ' \n'], never)).toHaveLength(2);
  });

  describe('when the service fails', () => {
    const cases: [string, Fault, { retryable: boolean; details?: object; retryAfterMs?: number }][] = [
      ['an overload', { kind: 'status', status: 503 }, { retryable: true, details: { status: 503 } }],
      [
        'a rate limit',
        { kind: 'status', status: 429, headers: { 'retry-after': '7' } },
        { retryable: true, retryAfterMs: 7_000 },
      ],
      ['refused credentials', { kind: 'status', status: 401 }, { retryable: false }],
      ['an unknown model', { kind: 'status', status: 404 }, { retryable: false }],
      ['a cut connection', { kind: 'reset' }, { retryable: true }],
      ['an answer that is no JSON', { kind: 'body', body: `<p>${secret}</p>` }, { retryable: true }],
      [
        'an answer of another shape',
        { kind: 'body', body: { data: [{ embedding: 'AAAA', index: 0 }] } },
        { retryable: true },
      ],
      ['too few vectors', { kind: 'body', body: { data: [] } }, { retryable: true }],
      [
        'a vector of another dimension',
        { kind: 'body', body: { data: [{ index: 0, embedding: [1, 2] }] } },
        { retryable: true, details: { reason: 'dimension' } },
      ],
      [
        'a vector without direction',
        { kind: 'body', body: { data: [{ index: 0, embedding: [0, 0, 0, 0, 0, 0] }] } },
        { retryable: true, details: { reason: 'length' } },
      ],
      [
        'an index that was not asked for',
        { kind: 'body', body: { data: [{ index: 4, embedding: [1, 0, 0, 0, 0, 0] }] } },
        { retryable: true, details: { reason: 'index' } },
      ],
    ];
    it.each(cases)('tells %s by code and never quotes a text', async (_name, fault, expected) => {
      const server = await start();
      const embedder = await open(server);
      server.failNext(fault);
      const error = await failureOf(embedder.embed([secret], never));
      expect(error).toMatchObject({ code: 'EMBEDDINGS_UNAVAILABLE', ...expected });
      expect(everythingOf(error)).not.toContain('spiders');
      expect(everythingOf(error)).not.toContain(apiKey);
      // It passes: the next attempt is the caller's, and succeeds.
      expect(await embedder.embed([secret], never)).toHaveLength(1);
    });

    it('refuses a text that stays refused however short, as no passing failure', async () => {
      const server = await start({ maxTextChars: 10 });
      const embedder = await open(server);
      const error = await failureOf(embedder.embed([secret.repeat(40)], never));
      expect(error).toMatchObject({ retryable: false, details: { status: 413 } });
      expect(everythingOf(error)).not.toContain('spiders');
      expect(server.refusals.length).toBeLessThan(10);
    });

    it('says that the address is nobody’s when nothing listens there', async () => {
      const server = await start();
      const { url } = server;
      await server.close();
      servers.length = 0;
      const error = await failureOf(createOpenAiEmbedder({ url, model, timeoutMs: 5_000 }));
      expect(error).toMatchObject({ retryable: true, details: { code: 'ECONNREFUSED' } });
    });

    it.each(['hang', 'hang-mid-body'] as const)('gives up in time: the server does %s', async (kind) => {
      const server = await start();
      const embedder = await open(server, { timeoutMs: 200 });
      server.failNext({ kind });
      const error = await failureOf(embedder.embed([secret], never));
      expect(error).toMatchObject({ retryable: true, details: { timeoutMs: 200 } });
      await until('the request was dropped', () => server.aborted === 1);
    });

    it('sends nobody’s words to where a redirect points', async () => {
      const server = await start();
      const elsewhere = await start();
      const embedder = await open(server);
      server.failNext({ kind: 'redirect', location: `${elsewhere.url}/v1/embeddings` });
      expect(await failureOf(embedder.embed([secret], never))).toMatchObject({ retryable: true });
      expect(elsewhere.inputs).toEqual([]);
    });

    it('stops with its signal, and drops the request', async () => {
      const server = await start();
      const embedder = await open(server);
      const stop = new AbortController();
      server.failNext({ kind: 'hang' });
      const embedding = embedder.embed([secret], stop.signal);
      const reason = new Error('stopping');
      await until('the request has arrived', () => server.received === 2);
      stop.abort(reason);
      await expect(embedding).rejects.toBe(reason);
      await until('the request was dropped', () => server.aborted === 1);
      await expect(embedder.embed([secret], stop.signal)).rejects.toBe(reason);
    });

    it('refuses wrong credentials and models when it is opened', async () => {
      const server = await start();
      expect(await failureOf(open(server, { apiKey: 'wrong' }))).toMatchObject({ retryable: false });
      expect(await failureOf(open(server, { model: 'wrong' }))).toMatchObject({ retryable: false });
    });
  });
});
