import { setTimeout as sleep } from 'node:timers/promises';

import type { Admin } from 'kafkajs';

import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';
import { protocolErrorType, toLogError } from './kafka-errors.ts';

/**
 * The client's picture of a topic is older than the broker's. kafkajs keeps it for minutes
 * and cannot be told to ask anew; a fresh client has none.
 */
export class StaleMetadata extends Error {
  override readonly name = 'StaleMetadata';
}

/** One admin client, connected at its first use, and thrown away after a failure: the next use has a fresh one. */
export class AdminConnection {
  readonly #connection: KafkaConnection;
  #admin: Promise<Admin> | undefined;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
  }

  /** @throws AfterwordError of a code that the ports name. */
  async use<T>(doing: string, work: (admin: Admin) => Promise<T>, isSecond = false): Promise<T> {
    const admin = (this.#admin ??= connect(this.#connection));
    try {
      return await withPatience(work, await admin);
    } catch (error) {
      if (error instanceof StaleMetadata && !isSecond) {
        await this.#discard(admin);
        return this.use(doing, work, true);
      }
      const translated = toLogError(error, doing);
      // A missing topic says nothing against the connection.
      if (translated.code === 'LOG_UNAVAILABLE') await this.#discard(admin);
      throw translated;
    }
  }

  async close(): Promise<void> {
    if (this.#admin !== undefined) await this.#discard(this.#admin);
  }

  async #discard(admin: Promise<Admin>): Promise<void> {
    // Another call that failed beside us may have done it already.
    if (this.#admin === admin) this.#admin = undefined;
    await admin.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

async function connect(connection: KafkaConnection): Promise<Admin> {
  const admin = createKafkaClient(connection).admin();
  try {
    await admin.connect();
    return admin;
  } catch (error) {
    await admin.disconnect().catch(() => undefined);
    throw error;
  }
}

/** A coordinator that is just starting or moving; kafkajs does not try again by itself here. */
const passingErrors = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
]);
const patienceMs = 10_000;

async function withPatience<T>(work: (admin: Admin) => Promise<T>, admin: Admin): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work(admin);
    } catch (error) {
      const isPassing = passingErrors.has(protocolErrorType(error) ?? '');
      if (!isPassing || performance.now() > deadline) throw error;
      await sleep(200);
    }
  }
}
