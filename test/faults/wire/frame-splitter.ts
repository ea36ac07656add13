/** Cuts a stream of bytes into frames that tell their own length. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #sizeOf: (start: Buffer) => number | undefined;

  /** @param sizeOf bytes of the frame that begins here; undefined while too few of them have come */
  constructor(sizeOf: (start: Buffer) => number | undefined) {
    this.#sizeOf = sizeOf;
  }

  /** The frames that are whole by now, in order. */
  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    for (;;) {
      const size = this.#sizeOf(this.#rest);
      if (size === undefined || this.#rest.length < size) return frames;
      frames.push(this.#rest.subarray(0, size));
      this.#rest = this.#rest.subarray(size);
    }
  }
}
