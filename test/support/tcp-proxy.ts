import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a service that a test can cut and mend, at an address that stays the same. */
export class TcpProxy {
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #isStalled = false;
  port = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  /** Accepts connections, again after a cut. */
  async open(): Promise<void> {
    this.#isStalled = false;
    const server = createServer((client) => {
      this.#join(client, connect(this.#target));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    this.#server = server;
  }

  /** Keeps every connection and forwards nothing any more, as a suspended service does; `cut` ends it. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** Ends every connection and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    for (const socket of this.#sockets) socket.destroy();
    if (server === undefined) return;
    await new Promise((resolve) => server.close(resolve));
  }

  #join(client: Socket, upstream: Socket): void {
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      if (!this.#isStalled) from.pipe(to);
      // Whichever side ends first takes the other along; why does not matter here.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
