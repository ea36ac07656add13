import { preparePlace } from './place.ts';
import { identifyThisProcess } from './process-identity.ts';
import { ServerShare } from './server-share.ts';

export type EmbeddedPostgresEvent =
  | {
      /**
       * initialised, started: by us · adopted: left running by an owner that is gone ·
       * joined: another process owns it · restarted: it had died · handed-over: left
       * running for the guests · stopped: by us.
       */
      readonly event:
        'initialised' | 'started' | 'adopted' | 'joined' | 'restarted' | 'handed-over' | 'stopped';
      readonly port: number;
      readonly tookMs: number;
    }
  | { readonly event: 'unavailable'; readonly error: Error };

export interface EmbeddedPostgres {
  /** Stays good as long as this is open, through a change of owner and a restart of the server. */
  readonly url: string;
  /** The owner keeps the server running; a guest becomes the owner when the owner goes. */
  readonly role: 'owner' | 'guest';
  /**
   * Ends our use; end the pools first. The last one to stop stops the server, whoever
   * started it. Idempotent.
   */
  stop(): Promise<void>;
}

interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly onEvent?: (event: EmbeddedPostgresEvent) => void;
}

/**
 * The Postgres that needs no installation: a server of its own for each DATA_DIR,
 * shared by all processes that name it.
 *
 * @throws AfterwordError EMBEDDED_POSTGRES, with a hint.
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = await preparePlace(options.dataDir);
  const self = await identifyThisProcess();
  const share = new ServerShare(place, self, options.onEvent ?? (() => undefined));
  await share.open();
  return share;
}
