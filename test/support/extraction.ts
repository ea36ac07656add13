import type { Role, StoredMessage } from '../../src/model/message.ts';
import type { Transcript } from '../../src/extract/transcript.ts';
import type { Timing } from '../../src/extract/timing.ts';

type Said =
  | readonly [role: Role, content: string]
  | readonly [role: Role, content: string, changes: Partial<StoredMessage>];

export const windowStartMs = Date.UTC(2026, 10, 23, 14, 3);

/** A transcript of the given words, a minute apart; message ids are m1, m2, ... */
export function transcriptOf(...said: readonly Said[]): Transcript {
  const lines = said.map(([role, content, changes], index) => ({
    number: index + 1,
    message: messageOf(index + 1, role, content, changes ?? {}),
  }));
  return {
    botId: 'aria',
    userId: 'ann',
    startedAtMs: windowStartMs,
    endedAtMs: lines.at(-1)?.message.sentAtMs ?? windowStartMs,
    lines,
  };
}

function messageOf(
  number: number,
  role: Role,
  content: string,
  changes: Partial<StoredMessage>,
): StoredMessage {
  return {
    identity: `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`,
    messageId: `m${String(number)}`,
    role,
    content,
    sentAtMs: windowStartMs + (number - 1) * 60_000,
    channelId: null,
    channelType: null,
    deleted: false,
    ...changes,
  };
}

/** Time that passes only when somebody sleeps, and dice that always fall the same. */
export class ManualTiming implements Timing {
  readonly sleptMs: number[] = [];
  #nowMs = windowStartMs;

  nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return 0.5;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.sleptMs.push(ms);
    this.advance(ms);
    return Promise.resolve();
  }
}
