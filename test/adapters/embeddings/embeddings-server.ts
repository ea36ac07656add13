import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const requestSchema = z.strictObject({
  model: z.string().min(1),
  input: z.array(z.string().min(1)).min(1),
  encoding_format: z.literal('float'),
});

/** What happens instead of an honest answer, once. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'hang-mid-body' }
  | { readonly kind: 'reset' };

export interface EmbeddingsServerOptions {
  readonly apiKey?: string;
  readonly model: string;
  readonly dimension: number;
  /** As servers of small models have it: more texts, or longer ones, are refused. */
  readonly maxTexts?: number;
  readonly maxTextChars?: number;
}

/**
 * A stand-in that takes what the OpenAI embeddings API takes and refuses the rest. Its
 * vectors are not of unit length and come in reverse order, with their index: whoever
 * relies on the order of the list is found out. The first number tells the text's length.
 */
export class EmbeddingsServer {
  readonly inputs: string[][] = [];
  readonly refusals: string[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #options: EmbeddingsServerOptions;
  readonly #faults: Fault[] = [];
  aborted = 0;
  /** Requests that arrived, whatever became of them. */
  received = 0;

  private constructor(options: EmbeddingsServerOptions) {
    this.#options = options;
  }

  static async start(options: EmbeddingsServerOptions): Promise<EmbeddingsServer> {
    const server = new EmbeddingsServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  failNext(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.received += 1;
    response.on('close', () => {
      if (!response.writableFinished) this.aborted += 1;
    });
    const body = Buffer.concat(chunks).toString('utf8');
    const fault = this.#faults.shift();
    if (fault === undefined) this.#answer(request, response, body);
    else sendFault(response, fault, body);
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const refused = this.#refuse(request, body);
    if (refused !== undefined) {
      this.refusals.push(refused.reason);
      // Like real services it quotes what it was sent: nobody may pass that on.
      sendJson(response, refused.status, { error: { message: `${refused.reason}: ${body}` } });
      return;
    }
    const { input, model } = requestSchema.parse(JSON.parse(body));
    this.inputs.push(input);
    const data = input.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: this.#vectorOf(text),
    }));
    sendJson(response, 200, { object: 'list', data: data.reverse(), model, usage: { total_tokens: 1 } });
  }

  #refuse(request: IncomingMessage, body: string): { status: number; reason: string } | undefined {
    const { apiKey, model, maxTexts = 2_048, maxTextChars = Infinity } = this.#options;
    if (request.method !== 'POST' || request.url !== '/v1/embeddings') return { status: 404, reason: 'path' };
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
      return { status: 401, reason: 'key' };
    }
    if (request.headers['content-type'] !== 'application/json')
      return { status: 415, reason: 'content-type' };
    if (/\\ud[89a-f][0-9a-f]{2}/i.test(body)) return { status: 400, reason: 'lone surrogate' };
    const parsed = requestSchema.safeParse(JSON.parse(body));
    if (!parsed.success) return { status: 400, reason: 'shape' };
    if (parsed.data.model !== model) return { status: 404, reason: 'model' };
    if (parsed.data.input.length > maxTexts) return { status: 422, reason: 'too many texts' };
    if (parsed.data.input.some((text) => text.length > maxTextChars))
      return { status: 413, reason: 'too long' };
    return undefined;
  }

  #vectorOf(text: string): number[] {
    return Array.from({ length: this.#options.dimension }, (_, at) =>
      at === 0 ? text.length : at === 1 ? 3 : 0,
    );
  }
}

function sendFault(response: ServerResponse, fault: Fault, body: string): void {
  switch (fault.kind) {
    case 'status':
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      sendJson(response, fault.status, { error: { message: `refused: ${body}` } });
      return;
    case 'body':
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body));
      return;
    case 'redirect':
      response.writeHead(307, { location: fault.location }).end();
      return;
    case 'hang':
      return;
    case 'hang-mid-body':
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":[');
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
