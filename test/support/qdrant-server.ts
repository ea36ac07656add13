import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  countSchema,
  createCollectionSchema,
  createIndexSchema,
  deleteSchema,
  parseBody,
  passesFilter,
  querySchema,
  upsertSchema,
  type Refusal,
} from './qdrant-request-rules.ts';

interface StoredPoint {
  readonly id: string | number;
  readonly vector: Float32Array;
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Collection {
  readonly size: number;
  readonly distance: string;
  readonly points: Map<string | number, StoredPoint>;
  readonly indexes: Record<string, unknown>;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly wait: boolean;
  readonly body: string;
}

/** What happens instead of an answer, once. `after` does what was asked first: the answer is lost, the work is not. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'raw'; readonly body: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset'; readonly after?: true };

type Answer = { readonly result: unknown } | Refusal;

/**
 * A stand-in that is as strict as Qdrant's REST API about the requests that Afterword
 * makes, keeps points in memory and computes cosines. What it does not know it refuses.
 */
export class QdrantServer {
  readonly requests: SeenRequest[] = [];
  /** Requests that the real server would refuse; tests that provoke none expect none. */
  readonly refusals: Refusal[] = [];
  readonly collections = new Map<string, Collection>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #apiKey: string | undefined;
  readonly #prefix: string;
  #faults: { readonly matches: RegExp; readonly fault: Fault }[] = [];

  private constructor(apiKey: string | undefined, prefix: string) {
    this.#apiKey = apiKey;
    this.#prefix = prefix;
  }

  static async start({
    apiKey,
    prefix = '',
  }: { apiKey?: string; prefix?: string } = {}): Promise<QdrantServer> {
    const server = new QdrantServer(apiKey, prefix);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}${this.#prefix}`;
  }

  /** The next request whose `METHOD /path` matches fails that way. */
  failNext(matches: RegExp, fault: Fault): void {
    this.#faults.push({ matches, fault });
  }

  reset(): void {
    this.requests.length = 0;
    this.refusals.length = 0;
    this.collections.clear();
    this.#faults = [];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://qdrant');
    const request = {
      method: incoming.method ?? '',
      path: url.pathname.startsWith(this.#prefix) ? url.pathname.slice(this.#prefix.length) : url.pathname,
      wait: url.searchParams.get('wait') === 'true',
      body: Buffer.concat(chunks).toString('utf8'),
    };
    this.requests.push(request);
    const fault = this.#takeFault(request);
    if (fault !== undefined && !('after' in fault)) {
      sendFault(response, fault);
      return;
    }
    const answer =
      this.#refuseKey(incoming) ??
      (url.pathname.startsWith(this.#prefix) ? this.#answer(request) : notFound('no such place'));
    if (fault !== undefined) sendFault(response, fault);
    else this.#send(response, answer);
  }

  #takeFault({ method, path }: SeenRequest): Fault | undefined {
    const index = this.#faults.findIndex(({ matches }) => matches.test(`${method} ${path}`));
    return index === -1 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  #refuseKey(incoming: IncomingMessage): Refusal | undefined {
    const given = incoming.headers['api-key'];
    if (this.#apiKey === undefined || given === this.#apiKey) return undefined;
    return { status: 401, error: `invalid API key ${String(given)}` };
  }

  #send(response: ServerResponse, answer: Answer): void {
    const isRefused = 'status' in answer;
    if (isRefused) this.refusals.push(answer);
    const body = isRefused
      ? { status: { error: answer.error }, time: 0 }
      : { result: answer.result, status: 'ok', time: 0 };
    response
      .writeHead(isRefused ? answer.status : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body));
  }

  #answer(request: SeenRequest): Answer {
    const { method, path } = request;
    if (method === 'GET' && path === '/collections') {
      return { result: { collections: [...this.collections.keys()].map((name) => ({ name })) } };
    }
    const [, name, rest = ''] = /^\/collections\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    if (name === undefined) return notFound('no such endpoint');
    if (method === 'GET' && rest === '/exists') return { result: { exists: this.collections.has(name) } };
    if (method === 'PUT' && rest === '') return this.#create(name, request.body);
    const collection = this.collections.get(name);
    if (collection === undefined) return notFound(`Not found: Collection \`${name}\` doesn't exist!`);
    return answerAbout(collection, `${method} ${rest}`, request.body);
  }

  #create(name: string, body: string): Answer {
    if (!/^[^<>:"/\\|?*\0\x1f]{1,255}$/.test(name)) return wrongInput('collection name');
    const parsed = parseBody(createCollectionSchema, body);
    if ('status' in parsed) return parsed;
    if (this.collections.has(name)) {
      return { status: 409, error: `Wrong input: Collection \`${name}\` already exists!` };
    }
    this.collections.set(name, { ...parsed.value.vectors, points: new Map(), indexes: {} });
    return { result: true };
  }
}

function answerAbout(collection: Collection, endpoint: string, body: string): Answer {
  switch (endpoint) {
    case 'GET ':
      return { result: describe(collection) };
    case 'PUT /index':
      return createIndex(collection, body);
    case 'PUT /points':
      return upsert(collection, body);
    case 'POST /points/delete':
      return remove(collection, body);
    case 'POST /points/count':
      return count(collection, body);
    case 'POST /points/query':
      return query(collection, body);
    default:
      return notFound('no such endpoint');
  }
}

const completed = { operation_id: 1, status: 'completed' };

function describe({ size, distance, points, indexes }: Collection): unknown {
  return {
    status: 'green',
    points_count: points.size,
    config: { params: { vectors: { size, distance } } },
    payload_schema: Object.fromEntries(
      Object.keys(indexes).map((field) => [field, { data_type: 'keyword', points: points.size }]),
    ),
  };
}

function createIndex(collection: Collection, body: string): Answer {
  const parsed = parseBody(createIndexSchema, body);
  if ('status' in parsed) return parsed;
  collection.indexes[parsed.value.field_name] = parsed.value.field_schema;
  return { result: completed };
}

function upsert(collection: Collection, body: string): Answer {
  const parsed = parseBody(upsertSchema, body);
  if ('status' in parsed) return parsed;
  const { points } = parsed.value;
  const bad = points.find(({ vector }) => vector.length !== collection.size);
  if (bad !== undefined) return dimensionError(collection.size, bad.vector.length);
  for (const { id, vector, payload } of points) {
    collection.points.set(id, { id, vector: toUnit(vector), payload: payload ?? {} });
  }
  return { result: completed };
}

function remove(collection: Collection, body: string): Answer {
  const parsed = parseBody(deleteSchema, body);
  if ('status' in parsed) return parsed;
  const { value } = parsed;
  const chosen =
    'points' in value
      ? value.points
      : [...collection.points.values()]
          .filter((one) => passesFilter(one.payload, value.filter))
          .map(({ id }) => id);
  for (const id of chosen) collection.points.delete(id);
  return { result: completed };
}

function count(collection: Collection, body: string): Answer {
  const parsed = parseBody(countSchema, body);
  if ('status' in parsed) return parsed;
  const passing = [...collection.points.values()].filter((one) =>
    passesFilter(one.payload, parsed.value.filter),
  );
  return { result: { count: passing.length } };
}

function query(collection: Collection, body: string): Answer {
  const parsed = parseBody(querySchema, body);
  if ('status' in parsed) return parsed;
  const { query: wanted, filter, limit = 10, with_payload: withPayload = false } = parsed.value;
  if (wanted.length !== collection.size) return dimensionError(collection.size, wanted.length);
  const unit = toUnit(wanted);
  const points = [...collection.points.values()]
    .filter((point) => passesFilter(point.payload, filter))
    .map((point) => ({ point, score: point.vector.reduce((sum, one, at) => sum + one * (unit[at] ?? 0), 0) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ point, score }) => ({
      id: point.id,
      version: 0,
      score,
      ...(withPayload ? { payload: point.payload } : {}),
    }));
  return { result: { points } };
}

/** Cosine collections keep vectors at unit length; one of length 0 stays as it is. */
function toUnit(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

function dimensionError(expected: number, got: number): Refusal {
  return wrongInput(`Vector dimension error: expected dim: ${String(expected)}, got ${String(got)}`);
}

function wrongInput(what: string): Refusal {
  return { status: 400, error: `Wrong input: ${what}` };
}

function notFound(error: string): Refusal {
  return { status: 404, error };
}

function sendFault(response: ServerResponse, fault: Fault): void {
  switch (fault.kind) {
    case 'status':
      response
        .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        .end(JSON.stringify({ status: { error: 'Service internal error' }, time: 0 }));
      return;
    case 'raw':
      response.writeHead(200, { 'content-type': 'text/html' }).end(fault.body);
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
  }
}
