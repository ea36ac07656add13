import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Dialect } from './dialect.ts';
import { WireConnection, type Rule } from './wire-connection.ts';

export interface WireTarget {
  readonly host: string;
  readonly port: number;
}

/** A way to a service on which a test stands at a named place of the conversation. */
export class WireProxy<Seen> {
  readonly port: number;
  readonly #server: Server;
  readonly #connections = new Set<WireConnection<Seen>>();
  #rule: Rule<Seen> | undefined;
  #isRefusing = false;
  #isStalled = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param dialect makes the one of a new connection; told the proxy's own port */
  static async start<Seen>(
    target: WireTarget,
    dialect: (ownPort: number) => Dialect<Seen>,
  ): Promise<WireProxy<Seen>> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    const proxy = new WireProxy<Seen>(server, address.port);
    server.on('connection', (client) => {
      proxy.#accept(client, target, dialect(address.port));
    });
    return proxy;
  }

  /** Judged for every request until it is set anew; undefined: everything passes. */
  setRule(rule: Rule<Seen> | undefined): void {
    this.#rule = rule;
  }

  /** Ends every connection; new ones are taken. */
  cut(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** Ends every connection, and each new one at once, until `mend`. */
  refuse(): void {
    this.#isRefusing = true;
    this.cut();
  }

  /** Keeps every connection and passes nothing on, until `mend`. */
  stall(): void {
    this.#isStalled = true;
    for (const connection of this.#connections) connection.pause();
  }

  mend(): void {
    this.#isRefusing = false;
    this.#isStalled = false;
    for (const connection of this.#connections) connection.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket, target: WireTarget, dialect: Dialect<Seen>): void {
    if (this.#isRefusing) {
      client.destroy();
      return;
    }
    const connection: WireConnection<Seen> = new WireConnection<Seen>(client, connect(target), {
      dialect,
      rule: (seen) => this.#rule?.(seen),
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    if (this.#isStalled) connection.pause();
  }
}
