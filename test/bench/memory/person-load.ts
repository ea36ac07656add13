import { loadBotId, type ChatLoad, type ChatRecord } from '../load/chat-load.ts';

export const rememberedUser = 'remembered';

const windowEveryMs = 3_600_000;

/**
 * One person with so many conversations, and newcomers with one each. In each the person
 * says what they like: one of as many things as `entities`, in turn.
 */
export function personLoad(
  windows: number,
  newcomers: number,
  { entities, endMs }: { readonly entities: number; readonly endMs: number },
): ChatLoad {
  return {
    messages: (windows + newcomers) * 2,
    windows: windows + newcomers,
    users: newcomers + 1,
    *records() {
      const startMs = endMs - windows * windowEveryMs;
      for (let index = 0; index < windows; index += 1) {
        yield* conversation(rememberedUser, {
          index,
          entity: index % entities,
          atMs: startMs + index * windowEveryMs,
          endMs,
        });
      }
      for (let index = 0; index < newcomers; index += 1) {
        yield* conversation(`newcomer-${index}`, {
          index: windows + index,
          entity: index % entities,
          atMs: endMs - windowEveryMs,
          endMs,
        });
      }
    },
  };
}

interface Conversation {
  readonly index: number;
  readonly entity: number;
  readonly atMs: number;
  readonly endMs: number;
}

function* conversation(userId: string, { index, entity, atMs, endMs }: Conversation): Iterable<ChatRecord> {
  const event = (role: string, content: string, place: number): ChatRecord => {
    const sentAtMs = atMs + place * 20_000;
    const sent_at = new Date(sentAtMs).toISOString();
    const value = JSON.stringify({
      id: `${index}-${place}`,
      bot_id: loadBotId,
      user_id: userId,
      role,
      content,
      sent_at,
    });
    // The log's own retention goes by this time: a year of history must not be cut off at once.
    return { key: `${loadBotId}/${userId}`, value, timestampMs: endMs };
  };
  yield event('user', `I like ${entityName(entity)} a lot.`, 0);
  yield event('assistant', 'Good to know, I will keep that in mind.', 1);
}

/** A made-up dish for each number. */
function entityName(number: number): string {
  const letters = [number % 26, Math.floor(number / 26) % 26, Math.floor(number / 676) % 26];
  return `Brand${letters.map((letter) => String.fromCharCode(97 + letter)).join('')}oli`;
}
