import type { ClientFrame, Dialect, ServerFrame } from './dialect.ts';
import { FrameSplitter } from './frame-splitter.ts';

export interface SeenRequest {
  readonly api: KafkaApi | undefined;
  /** Whether its bytes hold this text, such as a topic's name. */
  mentions(text: string): boolean;
}

export type KafkaApi = keyof typeof apiKeys;

const apiKeys = {
  Produce: 0,
  Metadata: 3,
  OffsetCommit: 8,
  FindCoordinator: 10,
  JoinGroup: 11,
} as const;
const apiNames = new Map<number, KafkaApi>(
  Object.entries(apiKeys).map(([name, key]) => [key, name as KafkaApi] as const),
);

export interface KafkaDialectOptions {
  readonly brokerPort: number;
  /** Told to clients in the broker's place, so that they come back to the proxy. */
  readonly ownPort: () => number;
  /** Asked for in the place of what the member asks for, so that tests need not wait for so long. */
  readonly sessionTimeoutMs: number;
}

const framed = (start: Buffer): number | undefined =>
  start.length < 4 ? undefined : 4 + start.readInt32BE(0);

/** Requests and answers of one connection, in plain text. */
export class KafkaDialect implements Dialect<SeenRequest> {
  readonly #client = new FrameSplitter(framed);
  readonly #server = new FrameSplitter(framed);
  readonly #options: KafkaDialectOptions;
  readonly #asked = new Map<number, number>();

  constructor(options: KafkaDialectOptions) {
    this.#options = options;
  }

  fromClient(chunk: Buffer): readonly ClientFrame<SeenRequest>[] {
    return this.#client.push(chunk).map((bytes) => {
      const key = bytes.readInt16BE(4);
      const exchange = bytes.readInt32BE(8);
      this.#asked.set(exchange, key);
      const seen = { api: apiNames.get(key), mentions: (text: string) => bytes.includes(text) };
      return {
        exchange,
        seen,
        bytes: key === apiKeys.JoinGroup ? withSessionTimeout(bytes, this.#options.sessionTimeoutMs) : bytes,
      };
    });
  }

  fromServer(chunk: Buffer): readonly ServerFrame[] {
    return this.#server.push(chunk).map((bytes) => {
      const exchange = bytes.readInt32BE(4);
      const key = this.#asked.get(exchange);
      this.#asked.delete(exchange);
      const tellsAddress = key === apiKeys.Metadata || key === apiKeys.FindCoordinator;
      return { bytes: tellsAddress ? this.#withOwnPort(bytes) : bytes, exchange, isLast: true };
    });
  }

  /** Host and port stand side by side in every version, and a port has a fixed width. */
  #withOwnPort(answer: Buffer): Buffer {
    const address = addressBytes(this.#options.brokerPort);
    const own = addressBytes(this.#options.ownPort());
    const changed = Buffer.from(answer);
    for (let at = changed.indexOf(address); at !== -1; at = changed.indexOf(address, at + 1)) {
      own.copy(changed, at);
    }
    return changed;
  }
}

function addressBytes(port: number): Buffer {
  const bytes = Buffer.from('\0\u0009127.0.0.1\0\0\0\0', 'latin1');
  bytes.writeInt32BE(port, bytes.length - 4);
  return bytes;
}

/** JoinGroup, versions 0 to 5: the group's id and the session timeout come first. */
function withSessionTimeout(request: Buffer, ms: number): Buffer {
  const clientIdLength = request.readInt16BE(12);
  const groupAt = 14 + Math.max(0, clientIdLength);
  const changed = Buffer.from(request);
  changed.writeInt32BE(ms, groupAt + 2 + request.readInt16BE(groupAt));
  return changed;
}
