import type { Clock } from '../clock.ts';

/** Time and chance as the extraction room needs them; tests bring their own. */
export interface Timing extends Clock {
  /** Resolves after so many milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
}
