import type { ClientFrame, Dialect, ServerFrame } from './dialect.ts';

export interface SeenCall {
  readonly method: string;
}

/** HTTP/1.1 without pipelining: a request begins with its method, and whatever follows belongs to it. */
export class HttpDialect implements Dialect<SeenCall> {
  #calls = 0;

  fromClient(bytes: Buffer): readonly ClientFrame<SeenCall>[] {
    const [, method] = /^(POST|GET|PUT|DELETE) \//.exec(bytes.toString('latin1', 0, 16)) ?? [];
    if (method === undefined) return [{ bytes, exchange: this.#calls }];
    this.#calls += 1;
    return [{ bytes, exchange: this.#calls, seen: { method } }];
  }

  /** The answer's first bytes are enough to know that it has been given. */
  fromServer(bytes: Buffer): readonly ServerFrame[] {
    return [{ bytes, exchange: this.#calls, isLast: true }];
  }
}
