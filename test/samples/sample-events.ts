import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of the sample file, as far as the tests look at it. */
export interface SampleEvent {
  readonly id?: string;
  readonly type: string;
  readonly bot_id: string;
  readonly user_id: string;
  readonly channel_id: string;
  readonly channel_type: string;
  readonly role?: string;
  readonly content?: string;
  readonly sent_at: string | number;
}

export const sampleLines: readonly string[] = readFileSync(
  join(import.meta.dirname, '../../samples/conversations.jsonl'),
  'utf8',
)
  .trimEnd()
  .split('\n');

export const sampleEvents: readonly SampleEvent[] = sampleLines.map((line) => JSON.parse(line) as SampleEvent);

export const sampleMessages = sampleEvents.filter(({ type }) => type === 'message');

export function sentAtMs({ sent_at }: SampleEvent): number {
  return typeof sent_at === 'number' ? sent_at : Date.parse(sent_at);
}

/** Windows of the sample by a gap of silence alone, as plainly as it can be said. */
export function plainWindows(messages: readonly SampleEvent[], gapMs: number): readonly SampleEvent[][] {
  const windows: SampleEvent[][] = [];
  const newest = new Map<string, SampleEvent[]>();
  for (const message of [...messages].sort((a, b) => sentAtMs(a) - sentAtMs(b))) {
    const key = `${message.bot_id} ${message.user_id}`;
    const window = newest.get(key);
    const last = window?.at(-1);
    if (window !== undefined && last !== undefined && sentAtMs(message) - sentAtMs(last) <= gapMs) {
      window.push(message);
    } else {
      newest.set(key, [message]);
      windows.push(newest.get(key) ?? []);
    }
  }
  return windows;
}
