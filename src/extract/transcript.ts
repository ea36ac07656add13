import type { StoredMessage } from '../model/message.ts';

/** One numbered line of a transcript; numbers start at 1 and are what a model cites. */
export interface TranscriptLine {
  readonly number: number;
  readonly message: StoredMessage;
}

/** A closed window's members in their order, ready for a stage. */
export interface Transcript {
  readonly botId: string;
  readonly userId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly lines: readonly TranscriptLine[];
}
