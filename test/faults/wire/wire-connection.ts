import type { Socket } from 'node:net';
import type { Dialect } from './dialect.ts';

/**
 * What is done about a request.
 * `before`: it is never passed on, and the connection ends. `after`: it is passed on, its answer
 * is not, and the connection ends. `with`: everything passes. `instead`: the proxy answers.
 * `act` is called at that moment.
 */
export type Interception =
  | { readonly at: 'before' | 'after' | 'with'; readonly act: () => void }
  | { readonly at: 'instead'; readonly answer: Buffer };

export type Rule<Seen> = (seen: Seen) => Interception | undefined;

interface Parts<Seen> {
  readonly dialect: Dialect<Seen>;
  readonly rule: Rule<Seen>;
  readonly onClose: () => void;
}

interface Held {
  readonly exchange: number;
  /** The last of the answer has come from the server. */
  readonly end: () => void;
  /** What else the client says in this exchange goes on as it is. */
  readonly passes: boolean;
}

/** One client with its own connection to the server. */
export class WireConnection<Seen> {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #parts: Parts<Seen>;
  /** The exchange whose answer is kept from the client. */
  #held: Held | undefined;

  constructor(client: Socket, server: Socket, parts: Parts<Seen>) {
    this.#client = client;
    this.#server = server;
    this.#parts = parts;
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on('data', (chunk) => {
      this.#hearClient(chunk);
    });
    server.on('data', (chunk) => {
      this.#hearServer(chunk);
    });
    tie(client, server);
    tie(server, client);
    client.once('close', parts.onClose);
  }

  pause(): void {
    this.#client.pause();
    this.#server.pause();
  }

  resume(): void {
    this.#client.resume();
    this.#server.resume();
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #hearClient(chunk: Buffer): void {
    for (const { bytes, exchange, seen, neutral } of this.#parts.dialect.fromClient(chunk)) {
      if (this.#client.destroyed) return;
      const isHeld = this.#held?.exchange === exchange;
      const interception = seen === undefined || isHeld ? undefined : this.#parts.rule(seen);
      if (interception?.at === 'before') {
        interception.act();
        this.destroy();
        return;
      }
      if (interception !== undefined) this.#hold(interception, exchange);
      const isAnswered = this.#held?.exchange === exchange && !this.#held.passes;
      this.#server.write(isAnswered ? (neutral ?? bytes) : bytes);
    }
  }

  #hold(interception: Interception, exchange: number): void {
    switch (interception.at) {
      case 'before':
        return;
      case 'with':
        interception.act();
        return;
      case 'after': {
        const end = (): void => {
          interception.act();
          this.destroy();
        };
        this.#held = { exchange, end, passes: true };
        return;
      }
      case 'instead': {
        const end = (): void => {
          this.#held = undefined;
          this.#client.write(interception.answer);
        };
        this.#held = { exchange, end, passes: false };
      }
    }
  }

  #hearServer(chunk: Buffer): void {
    for (const { bytes, exchange, isLast } of this.#parts.dialect.fromServer(chunk)) {
      if (this.#client.destroyed) return;
      if (this.#held?.exchange !== exchange) this.#client.write(bytes);
      else if (isLast) this.#held.end();
    }
  }
}

/** Whichever side ends takes the other along, after what was said; why does not matter here. */
function tie(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  from.on('close', () => {
    to.destroySoon();
  });
}
