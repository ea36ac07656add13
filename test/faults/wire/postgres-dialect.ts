import type { ClientFrame, Dialect, ServerFrame } from './dialect.ts';
import { FrameSplitter } from './frame-splitter.ts';

/** A statement that is about to be executed. */
export interface SeenStatement {
  readonly text: string;
  /** Those before it in its transaction, `begin` left out; empty outside of one. */
  readonly earlier: readonly string[];
  readonly isInTransaction: boolean;
}

const typed = (start: Buffer): number | undefined =>
  start.length < 5 ? undefined : 1 + start.readInt32BE(1);
const untyped = (start: Buffer): number | undefined => (start.length < 4 ? undefined : start.readInt32BE(0));

const nothing = Buffer.alloc(0);
/** A statement without text: the server answers it with nothing but that it is ready. */
const emptyQuery = Buffer.from('Q\0\0\0\u0005\0', 'latin1');

/** Frontend and backend protocol, version 3, without encryption. */
export class PostgresDialect implements Dialect<SeenStatement> {
  #hasBegun = false;
  readonly #client = new FrameSplitter((start) => (this.#hasBegun ? typed(start) : untyped(start)));
  readonly #server = new FrameSplitter(typed);
  /** By the name under which the client had them parsed; the unnamed one too. */
  readonly #statements = new Map<string, string>();
  #transaction: string[] | undefined;
  #asked = 0;
  #answered = 0;

  fromClient(chunk: Buffer): readonly ClientFrame<SeenStatement>[] {
    if (this.#hasBegun) return this.#client.push(chunk).map((bytes) => this.#frame(bytes));
    // The startup packet is alone: the server speaks next.
    const [startup] = this.#client.push(chunk);
    if (startup === undefined) return [];
    this.#hasBegun = true;
    this.#asked = 1;
    return [{ bytes: startup, exchange: 0 }];
  }

  fromServer(chunk: Buffer): readonly ServerFrame[] {
    return this.#server.push(chunk).map((bytes) => {
      const isLast = bytes[0] === 0x5a;
      const exchange = this.#answered;
      if (isLast) this.#answered += 1;
      return { bytes, exchange, isLast };
    });
  }

  #frame(bytes: Buffer): ClientFrame<SeenStatement> {
    const exchange = this.#asked;
    switch (String.fromCharCode(bytes[0] ?? 0)) {
      case 'Q':
        this.#asked += 1;
        return { bytes, exchange, neutral: emptyQuery, seen: this.#see(textAt(bytes, 5)) };
      case 'P': {
        const name = textAt(bytes, 5);
        this.#statements.set(name, textAt(bytes, 5 + Buffer.byteLength(name) + 1));
        return { bytes, exchange, neutral: nothing };
      }
      case 'B': {
        const portal = textAt(bytes, 5);
        const name = textAt(bytes, 5 + Buffer.byteLength(portal) + 1);
        return { bytes, exchange, neutral: nothing, seen: this.#see(this.#statements.get(name) ?? '') };
      }
      case 'S':
        this.#asked += 1;
        return { bytes, exchange, neutral: bytes };
      default:
        return { bytes, exchange, neutral: nothing };
    }
  }

  #see(text: string): SeenStatement {
    const earlier = [...(this.#transaction ?? [])];
    const seen = { text, earlier, isInTransaction: this.#transaction !== undefined };
    if (text === 'begin') this.#transaction = [];
    else if (text === 'commit' || text === 'rollback') this.#transaction = undefined;
    else this.#transaction?.push(text);
    return seen;
  }
}

function textAt(bytes: Buffer, start: number): string {
  return bytes.toString('utf8', start, bytes.indexOf(0, start));
}

/** What a server sends that refuses a statement and is ready for the next one. */
export function errorAnswer(sqlstate: string, { isInTransaction }: SeenStatement): Buffer {
  const fields = Buffer.from(`SERROR\0VERROR\0C${sqlstate}\0Mrefused on the way\0\0`, 'latin1');
  const answer = Buffer.alloc(5 + fields.length + 6);
  answer.write('E', 0, 'latin1');
  answer.writeInt32BE(4 + fields.length, 1);
  fields.copy(answer, 5);
  answer.write(`Z\0\0\0\u0005${isInTransaction ? 'E' : 'I'}`, 5 + fields.length, 'latin1');
  return answer;
}
