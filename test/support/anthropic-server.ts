import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { honestly, type Question, type Reply, type SeenLine } from './anthropic-replies.ts';
import {
  askedSchema,
  parseRequest,
  refuseHeaders,
  textOf,
  type MessagesRequest,
  type Refusal,
} from './anthropic-request-rules.ts';

export const testApiKey = 'test-key-that-must-not-leak';

export interface RecordedCall {
  readonly headers: IncomingHttpHeaders;
  readonly request: MessagesRequest;
  readonly question: Question;
  /** The client closed the connection before it had the whole answer. */
  aborted: boolean;
}

export interface AnthropicServerOptions {
  /** Refuse other models with 404, as the API does. */
  readonly models?: readonly string[];
  /** A compatible server: `refuses` structured output by name, or `ignores` it and answers in prose. */
  readonly structuredOutput?: 'refuses' | 'ignores';
}

/**
 * A stand-in that is as strict as the Messages API about what it is sent, and does
 * what the script says. Replies of the script are used once each, in order; then the
 * default holds. A request that breaks the rules is refused before any script.
 */
export class AnthropicServer {
  readonly calls: RecordedCall[] = [];
  /** Requests that the API would refuse, in words; tests expect none. */
  readonly refusals: Refusal[] = [];
  byDefault: Reply = honestly();
  /** Between script and default: for replies that depend on what is asked. */
  byQuestion: (question: Question) => Reply | undefined = () => undefined;
  /** Waits in milliseconds before each answer of the default; 0 answers at once. */
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #script: Reply[] = [];
  readonly #options: AnthropicServerOptions;
  readonly #cachedPrefixes = new Set<string>();

  private constructor(options: AnthropicServerOptions) {
    this.#options = options;
  }

  static async start(options: AnthropicServerOptions = {}): Promise<AnthropicServer> {
    const server = new AnthropicServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get baseURL(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  script(...replies: readonly Reply[]): void {
    this.#script.push(...replies);
  }

  /** Forgets calls, script and cache; the default becomes the honest model again. */
  reset(): void {
    this.calls.length = 0;
    this.refusals.length = 0;
    this.#script.length = 0;
    this.#cachedPrefixes.clear();
    this.byDefault = honestly();
    this.byQuestion = () => undefined;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    if (body === undefined) return;
    const request = this.#accept(incoming, body);
    if ('status' in request) {
      this.refusals.push(request);
      sendError(response, request);
      return;
    }
    const call: RecordedCall = {
      headers: incoming.headers,
      request,
      question: questionOf(request),
      aborted: false,
    };
    this.calls.push(call);
    response.on('close', () => {
      call.aborted = !response.writableFinished;
    });
    const reply = this.#script.shift() ?? this.byQuestion(call.question) ?? this.byDefault;
    await this.#reply(reply, call, response);
  }

  #accept(incoming: IncomingMessage, body: string): MessagesRequest | Refusal {
    if (incoming.method !== 'POST' || incoming.url !== '/v1/messages') {
      return { status: 404, type: 'not_found_error', message: 'no such endpoint' };
    }
    const request = refuseHeaders(incoming.headers, testApiKey) ?? parseRequest(body);
    const { models, structuredOutput } = this.#options;
    if (structuredOutput === 'refuses' && 'output_config' in request)
      return {
        status: 400,
        type: 'invalid_request_error',
        message: 'output_config: Extra inputs are not permitted',
      };
    if ('status' in request || models === undefined || models.includes(request.model)) return request;
    return { status: 404, type: 'not_found_error', message: `model: ${request.model}` };
  }

  async #reply(reply: Reply, call: RecordedCall, response: ServerResponse): Promise<void> {
    switch (reply.kind) {
      case 'drafts':
        if (reply.delayMs !== undefined) await later(reply.delayMs);
        sendJson(response, 200, this.#message(call, JSON.stringify(reply.drafts(call.question)), 'end_turn'));
        return;
      case 'text':
        sendJson(response, 200, this.#message(call, reply.text, reply.stopReason ?? 'end_turn'));
        return;
      case 'error':
        // Like the real one it may quote what it was sent: nobody may pass that on.
        sendError(response, {
          message: `refused: ${textOf(call.request.messages[0]?.content ?? '')}`,
          ...reply,
        });
        return;
      case 'raw':
        response.writeHead(200, { 'content-type': reply.contentType ?? 'application/json' }).end(reply.body);
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'reset-mid-body':
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"type":"mess', () => {
          response.socket?.resetAndDestroy();
        });
        return;
      case 'hang-mid-body':
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"type":"mess');
        return;
      case 'hang':
        return;
    }
  }

  #message({ request }: RecordedCall, words: string, stopReason: string): unknown {
    return {
      id: `msg_${String(this.calls.length)}`,
      type: 'message',
      role: 'assistant',
      model: request.model,
      ...this.#blocks(request, words, stopReason),
      stop_sequence: null,
      usage: this.#usage(request, words),
    };
  }

  /** A tool that has to be called is given what is an object; the rest the model writes. */
  #blocks(request: MessagesRequest, words: string, stopReason: string): Record<string, unknown> {
    const name = request.tool_choice?.name;
    const ignored = name === undefined && this.#options.structuredOutput === 'ignores';
    const text = ignored ? 'Here is what I found: nothing special.' : words;
    const input = name === undefined ? undefined : parsedObject(words);
    if (input === undefined) {
      return { content: text === '' ? [] : [{ type: 'text', text }], stop_reason: stopReason };
    }
    const call = { type: 'tool_use', id: `toolu_${String(this.calls.length)}`, name, input };
    return { content: [call], stop_reason: stopReason === 'end_turn' ? 'tool_use' : stopReason };
  }

  /** A quarter of the characters, the cached system prompt apart, as the API counts them. */
  #usage(request: MessagesRequest, words: string): Record<string, number> {
    const prefix =
      Array.isArray(request.system) && request.system.at(-1)?.cache_control !== undefined
        ? textOf(request.system)
        : '';
    const wasCached = this.#cachedPrefixes.has(prefix);
    if (prefix !== '') this.#cachedPrefixes.add(prefix);
    const prefixTokens = Math.ceil(prefix.length / 4);
    return {
      input_tokens: Math.ceil(
        request.messages.reduce((sum, { content }) => sum + textOf(content).length, 0) / 4,
      ),
      cache_creation_input_tokens: wasCached ? 0 : prefixTokens,
      cache_read_input_tokens: wasCached ? prefixTokens : 0,
      output_tokens: Math.ceil(words.length / 4),
    };
  }
}

function questionOf(request: MessagesRequest): Question {
  const { messages } = request;
  const { properties } = askedSchema(request);
  const last = messages.at(-1);
  return {
    lines: linesOf(textOf(messages[0]?.content ?? '')),
    fields: Object.keys(properties ?? {}),
    repair: messages.length > 1 && last !== undefined ? textOf(last.content) : undefined,
  };
}

function parsedObject(words: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(words);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the transcript back as a model would: numbered lines and their continuations. */
function linesOf(transcript: string): SeenLine[] {
  const lines: SeenLine[] = [];
  for (const row of transcript.split('\n')) {
    const [, number, role, time, text] = /^\[(\d+)\] (\w+) (\d\d:\d\d) (.*)$/u.exec(row) ?? [];
    const last = lines.at(-1);
    if (number !== undefined)
      lines.push({ number: Number(number), role: role ?? '', time: time ?? '', text: text ?? '' });
    else if (last !== undefined && row.startsWith('  '))
      lines[lines.length - 1] = { ...last, text: `${last.text}\n${row.trim()}` };
  }
  return lines;
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    // The client went away while sending; there is nobody to answer.
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendError(
  response: ServerResponse,
  error: Refusal & { readonly errorCode?: string; readonly headers?: Readonly<Record<string, string>> },
): void {
  const details = error.errorCode === undefined ? {} : { details: { error_code: error.errorCode } };
  for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value);
  sendJson(response, error.status, {
    type: 'error',
    error: { type: error.type, message: error.message, ...details },
    request_id: 'req_test',
  });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response
    .writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_test' })
    .end(JSON.stringify(body));
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
