import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const masked = '[secret]';

/**
 * A value that must never be printed. JSON, `util.inspect`, template strings and
 * concatenation all give `[secret]`; only `reveal()` gives the text, so that every
 * place that uses it can be found by name.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** In constant time, whatever the lengths: digests are compared, not texts. */
  matches(candidate: string): boolean {
    return timingSafeEqual(digest(this.#text), digest(candidate));
  }

  toString(): string {
    return masked;
  }

  toJSON(): string {
    return masked;
  }

  [Symbol.toPrimitive](): string {
    return masked;
  }

  [inspect.custom](): string {
    return masked;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
