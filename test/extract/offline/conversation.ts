import type { Role } from '../../../src/model/message.ts';
import type { Transcript } from '../../../src/extract/transcript.ts';

const firstMs = Date.UTC(2024, 4, 5, 12);

export interface Said {
  readonly role: Role;
  readonly content: string;
  readonly id?: string;
  readonly sentAtMs?: number;
}

export const user = (content: string): Said => ({ role: 'user', content });
export const bot = (content: string): Said => ({ role: 'assistant', content });

/** A transcript of what was said, a minute between messages unless they carry their own time. */
export function conversation(said: readonly Said[], ids = { botId: 'companion', userId: 'zed' }): Transcript {
  const lines = said.map(({ role, content, id, sentAtMs }, index) => ({
    number: index + 1,
    message: {
      identity: id ?? `m${index}`,
      messageId: id ?? `m${index}`,
      role,
      content,
      sentAtMs: sentAtMs ?? firstMs + index * 60_000,
      channelId: null,
      channelType: null,
      deleted: false,
    },
  }));
  const times = lines.map(({ message }) => message.sentAtMs);
  return { ...ids, startedAtMs: times[0] ?? firstMs, endedAtMs: times.at(-1) ?? firstMs, lines };
}
