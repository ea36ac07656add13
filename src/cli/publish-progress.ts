import type { Output } from './command-context.ts';
import { roughly } from './format-text.ts';

const showEveryMs = 500;

/** Counts what was published and shows it now and then, with the rate and, of a file, the time left. */
export class PublishProgress {
  readonly #output: Pick<Output, 'progress'>;
  readonly #totalBytes: number | undefined;
  readonly #startedMs: number;
  #shownMs: number;
  #records = 0;

  constructor(output: Pick<Output, 'progress'>, totalBytes: number | undefined, nowMs = Date.now()) {
    this.#output = output;
    this.#totalBytes = totalBytes;
    this.#startedMs = nowMs;
    this.#shownMs = nowMs;
  }

  get records(): number {
    return this.#records;
  }

  /** `bytes`: read so far, from the beginning. */
  sent(records: number, bytes: number, nowMs: number): void {
    this.#records += records;
    if (nowMs - this.#shownMs < showEveryMs) return;
    this.#shownMs = nowMs;
    const tookMs = nowMs - this.#startedMs;
    const rate = Math.round((this.#records / tookMs) * 1_000);
    this.#output.progress(`published ${this.#records} records, ${rate}/s${this.#left(bytes, tookMs)}`);
  }

  #left(bytes: number, tookMs: number): string {
    if (this.#totalBytes === undefined || bytes === 0) return '';
    const leftBytes = Math.max(0, this.#totalBytes - bytes);
    return `, ${roughly((leftBytes / bytes) * tookMs)} left`;
  }
}
