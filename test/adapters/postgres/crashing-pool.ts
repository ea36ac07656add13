import { Socket } from 'node:net';

import pg from 'pg';

/** Where a process dies: at its n-th statement (1 is the first), before it is sent or after it was answered. */
export interface CrashPoint {
  readonly statement: number;
  readonly when: 'before' | 'after';
}

/**
 * A pool whose process "dies" at one statement: all its connections are cut at once and
 * nothing works afterwards. `after` cuts when the server has answered and the answer is
 * lost, which for a commit means: it is committed, and nobody knows.
 */
export class CrashingPool {
  readonly #pool: pg.Pool;
  readonly #sockets = new Set<Socket>();
  readonly #crash: CrashPoint | undefined;
  #dead = false;
  /** Statements seen, in order. */
  readonly statements: string[] = [];

  /** Without a crash point it only counts. */
  constructor(url: string, crash?: CrashPoint) {
    this.#crash = crash;
    this.#pool = new pg.Pool({ connectionString: url, max: 2, stream: () => this.#openSocket() });
    this.#pool.on('error', () => undefined);
  }

  /** As the stores take it. They use `connect`, `query` and `release`, which is what this one has. */
  asPool(): pg.Pool {
    const pool = {
      connect: () => this.#connect(),
      query: async (text: string, values?: unknown[]): Promise<pg.QueryResult> => {
        const client = await this.#connect();
        client.on('error', ignoreEvent);
        let failure: Error | undefined;
        try {
          return await client.query(text, values);
        } catch (error) {
          failure = error instanceof Error ? error : new Error('a query failed');
          throw error;
        } finally {
          client.release(failure);
          client.off('error', ignoreEvent);
        }
      },
    };
    return pool as unknown as pg.Pool;
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }

  #openSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    return socket;
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.#dead) throw new Error('a dead process asks nothing');
    const client = await this.#pool.connect();
    return new Proxy(client, {
      get: (target, name) => {
        if (name === 'query') return (text: string, values?: unknown[]) => this.#query(target, text, values);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  async #query(client: pg.PoolClient, text: string, values: unknown[] | undefined): Promise<pg.QueryResult> {
    this.statements.push(text);
    const hit = this.statements.length === this.#crash?.statement;
    if (hit && this.#crash.when === 'before') this.#die();
    const result = await client.query(text, values);
    if (hit) {
      this.#die();
      throw new Error('the answer was lost');
    }
    return result;
  }

  #die(): void {
    this.#dead = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

function ignoreEvent(): void {
  // The query rejects as well.
}

/** The crash points of work that sends so many statements. */
export function crashPoints(statements: number): CrashPoint[] {
  return Array.from({ length: statements }, (_, index) => index + 1).flatMap((statement) => [
    { statement, when: 'before' },
    { statement, when: 'after' },
  ]);
}
