import { setTimeout as sleep } from 'node:timers/promises';

import { ensureError } from '../../../errors.ts';
import { ensureServer, prepareHost, type Host } from './ensure-server.ts';
import { embeddedPostgresError, useDatabaseUrlHint } from './failure.ts';
import { countGuests, registerGuest, unregisterGuest } from './guests.ts';
import type { EmbeddedPostgres, EmbeddedPostgresEvent } from './open-embedded-postgres.ts';
import { claimOwnership, enterPhase, readOwner, touchOwnership, type Owner } from './ownership.ts';
import { readConnection, type Place } from './place.ts';
import { readPostmaster, stopPostmaster } from './postmaster.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { canBeServer, connectionUrl, serves } from './server-contact.ts';

const watchMs = 1_000;
const patienceMs = 60_000;

/**
 * One process's share in the server.
 *
 *     opening ──▶ owner ──▶ stopped        keeps the server running; stops it when nobody else is left
 *        │          ▲
 *        └──▶ guest ┘  ──▶ stopped         takes the owner's place when that is dead or has left
 */
export class ServerShare implements EmbeddedPostgres {
  readonly #place: Place;
  readonly #self: ProcessIdentity;
  readonly #onEvent: (event: EmbeddedPostgresEvent) => void;
  #host: Host | undefined;
  #owner: Owner | undefined;
  #guestFile: string | undefined;
  #url = '';
  #watch: NodeJS.Timeout | undefined;
  #watching: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #opened = false;

  constructor(place: Place, self: ProcessIdentity, onEvent: (event: EmbeddedPostgresEvent) => void) {
    this.#place = place;
    this.#self = self;
    this.#onEvent = onEvent;
  }

  get url(): string {
    return this.#url;
  }

  get role(): 'owner' | 'guest' {
    return this.#owner === undefined ? 'guest' : 'owner';
  }

  async open(): Promise<void> {
    this.#guestFile = await registerGuest(this.#place.guests, this.#self);
    // From now on, so that a long crash recovery does not look like a dead owner.
    this.#watch = setInterval(() => {
      this.#watching ??= this.#lookAfter().finally(() => (this.#watching = undefined));
    }, watchMs).unref();
    try {
      await this.#becomeOwnerOrGuest();
      this.#opened = true;
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #becomeOwnerOrGuest(): Promise<void> {
    const startMs = Date.now();
    while (!(await this.#tryToOwn()) && !(await this.#tryToJoin())) {
      if (Date.now() - startMs > patienceMs) throw notAnswering();
      await sleep(25);
    }
  }

  async #tryToOwn(): Promise<boolean> {
    this.#owner = await claimOwnership(this.#place.owners, this.#self);
    if (this.#owner === undefined) return false;
    await this.#unregister();
    await this.#provideServer();
    return true;
  }

  /** The owner's duty, when it begins and whenever the server has died. */
  async #provideServer(): Promise<void> {
    if (this.#owner === undefined) return;
    const startMs = Date.now();
    this.#host ??= await prepareHost(this.#place);
    const { connection, how } = await ensureServer(this.#host, !this.#opened);
    this.#url = connectionUrl(connection);
    this.#owner = await enterPhase(this.#place.owners, this.#owner, 'ready');
    const event = this.#opened && how === 'started' ? 'restarted' : how;
    this.#onEvent({ event, port: connection.port, tookMs: Date.now() - startMs });
  }

  async #tryToJoin(): Promise<boolean> {
    const startMs = Date.now();
    const owner = await readOwner(this.#place.owners);
    const connection = await readConnection(this.#place);
    if (owner?.phase !== 'ready' || connection === undefined) return false;
    if (!(await serves(this.#place, connection))) return false;
    this.#url = connectionUrl(connection);
    this.#onEvent({ event: 'joined', port: connection.port, tookMs: Date.now() - startMs });
    return true;
  }

  /** Once a second: the owner sees that the server lives, a guest that the owner does. */
  async #lookAfter(): Promise<void> {
    try {
      if (this.#owner !== undefined) await this.#lookAfterServer(this.#owner);
      else if (this.#opened) await this.#tryToOwn();
    } catch (error) {
      this.#onEvent({ event: 'unavailable', error: ensureError(error) });
    }
  }

  async #lookAfterServer(owner: Owner): Promise<void> {
    await touchOwnership(this.#place.owners, owner, new Date());
    if (!this.#opened) return;
    const highest = await readOwner(this.#place.owners);
    if (highest !== undefined && highest.generation > owner.generation) return this.#stepBack();
    if (owner.phase !== 'ready' || !(await this.#isServerAlive())) await this.#provideServer();
  }

  /** Somebody took us for dead (a machine that slept, a stopped process), and owns the server now. */
  async #stepBack(): Promise<void> {
    this.#guestFile = await registerGuest(this.#place.guests, this.#self);
    this.#owner = undefined;
  }

  async #isServerAlive(): Promise<boolean> {
    const state = await readPostmaster(this.#place.cluster);
    return state !== undefined && (await canBeServer(state.pid, this.#place.cluster));
  }

  async #unregister(): Promise<void> {
    if (this.#guestFile !== undefined) await unregisterGuest(this.#guestFile);
    this.#guestFile = undefined;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#watch);
    await this.#watching;
    await this.#unregister();
    // A guest too: the owner may have left the server to us a moment ago.
    if (this.#opened) this.#owner ??= await claimOwnership(this.#place.owners, this.#self);
    if (this.#owner !== undefined) await this.#leaveServer(this.#owner);
    this.#owner = undefined;
  }

  /** The order is what keeps a server from being stopped under a guest; see guests.ts. */
  async #leaveServer(owner: Owner): Promise<void> {
    const startMs = Date.now();
    const leaving = await enterPhase(this.#place.owners, owner, 'leaving');
    const port = (await readConnection(this.#place))?.port ?? 0;
    try {
      const guests = await countGuests(this.#place.guests, this.#self);
      if (guests === 0) await this.#stopServer();
      const event = guests === 0 ? 'stopped' : 'handed-over';
      this.#onEvent({ event, port, tookMs: Date.now() - startMs });
    } finally {
      await enterPhase(this.#place.owners, leaving, 'released');
    }
  }

  async #stopServer(): Promise<void> {
    this.#host ??= await prepareHost(this.#place);
    if (await this.#isServerAlive()) await stopPostmaster({ ...this.#host, folder: this.#place.cluster });
  }
}

function notAnswering() {
  return embeddedPostgresError(
    'another Afterword owns the embedded Postgres, and its server does not answer',
    {
      hint: `end that process, ${useDatabaseUrlHint}`,
      retryable: true,
    },
  );
}
