/** A part of what the client sends, passed on whole or not at all. */
export interface ClientFrame<Seen> {
  readonly bytes: Buffer;
  /** Which exchange (a request with its answer) of the connection it belongs to. */
  readonly exchange: number;
  /** What a rule may judge; undefined: always passed on. */
  readonly seen?: Seen;
  /** Passed on in its place when the proxy answers itself, so that the server's answers stay in step. */
  readonly neutral?: Buffer;
}

/** A part of the server's answer. */
export interface ServerFrame {
  readonly bytes: Buffer;
  readonly exchange: number;
  /** With it the server has said that the exchange is done. */
  readonly isLast: boolean;
}

/** Just enough of a protocol to tell requests and their answers apart; one for each connection. */
export interface Dialect<Seen> {
  fromClient(chunk: Buffer): readonly ClientFrame<Seen>[];
  fromServer(chunk: Buffer): readonly ServerFrame[];
}
