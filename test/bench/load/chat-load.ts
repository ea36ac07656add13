/** One record of a messages topic, before it is sent. */
export interface ChatRecord {
  readonly key: string;
  readonly value: string;
  readonly timestampMs: number;
}

export interface ChatLoad {
  readonly messages: number;
  readonly windows: number;
  readonly users: number;
  /** In the order in which they are published. */
  records(): Iterable<ChatRecord>;
}

const conversationMessages = 10;
const messageEveryMs = 20_000;
const spanMs = 6 * 3_600_000;
/** Conversations of a person lie a fifth of the span apart: well over the gap. */
const conversationsPerUser = 5;

/**
 * Conversations of ten messages, each published in one piece: a batch holds several
 * messages of a window. Event time moves through six hours, so that windows become due
 * while others are read, as in a topic that is caught up with.
 */
export function tightLoad(messages: number, endMs: number): ChatLoad {
  const windows = Math.ceil(messages / conversationMessages);
  const users = Math.ceil(windows / conversationsPerUser);
  const startMs = endMs - spanMs;
  return {
    messages,
    windows,
    users,
    *records() {
      const random = randomNumbers(1);
      for (let index = 0; index < messages; index += 1) {
        const window = Math.floor(index / conversationMessages);
        const place = index % conversationMessages;
        const sentAtMs = startMs + Math.floor((window / windows) * spanMs) + place * messageEveryMs;
        yield chatRecord(random, window % users, index, sentAtMs);
      }
    },
  };
}

/**
 * All windows at once, one message of each in turn: a batch holds one message of a
 * window as long as a partition has more windows than its batches have records. Another
 * seed gives other message ids.
 */
export function spreadLoad(messages: number, windows: number, endMs: number, seed = 2): ChatLoad {
  const startMs = endMs - Math.ceil(messages / windows) * messageEveryMs;
  return {
    messages,
    windows,
    users: windows,
    *records() {
      const random = randomNumbers(seed);
      for (let index = 0; index < messages; index += 1) {
        const sentAtMs = startMs + Math.floor((index / windows) * messageEveryMs);
        yield chatRecord(random, index % windows, index, sentAtMs);
      }
    },
  };
}

/** Of a hundred messages so many come late, change or take back an earlier one, or come twice. */
export const mixedShares = { late: 2, edited: 3, deleted: 1, twice: 2 } as const;
/** How far back what comes late or is changed lies: windows that are closed already, when read in one piece. */
const conversationsBack = 400;

/**
 * Tight conversations as life has them: some messages come late, into conversations that were over
 * long before, some are edited, taken back or published twice. The late ones lie within their
 * conversation, so that there are as many windows as conversations.
 */
export function mixedLoad(messages: number, endMs: number): ChatLoad {
  const tight = tightLoad(messages, endMs);
  return {
    ...tight,
    *records() {
      const published: ChatRecord[] = [];
      const held = new Map<number, ChatRecord>();
      const behind = conversationsBack * conversationMessages;
      let index = 0;
      for (const record of tight.records()) {
        const share = (index * 37 + 2) % 100;
        published.push(record);
        // Neither the first nor the last of its conversation: without it the window is as long.
        if (share < mixedShares.late && isWithin(index)) held.set(index, record);
        else yield record;
        yield* followUps(published[index - behind], (index * 53) % 100);
        const late = held.get(index - behind);
        if (late !== undefined) yield late;
        held.delete(index - behind);
        index += 1;
      }
      yield* held.values();
    },
  };
}

function isWithin(index: number): boolean {
  const place = index % conversationMessages;
  return place > 0 && place < conversationMessages - 1;
}

function* followUps(earlier: ChatRecord | undefined, share: number): Iterable<ChatRecord> {
  if (earlier === undefined) return;
  const { edited, deleted, twice } = mixedShares;
  if (share < twice) yield earlier;
  else if (share < twice + edited) yield changeOf(earlier, 'message.edited');
  else if (share < twice + edited + deleted) yield changeOf(earlier, 'message.deleted');
}

/** An edit or a delete of a message, a minute after it. */
function changeOf({ key, value, timestampMs }: ChatRecord, type: string): ChatRecord {
  const changedAtMs = timestampMs + 60_000;
  const { content, ...named } = JSON.parse(value) as Record<string, string>;
  const words = type === 'message.edited' ? { content: `${content ?? ''} really` } : {};
  const change = { ...named, ...words, type, sent_at: new Date(changedAtMs).toISOString() };
  return { key, value: JSON.stringify(change), timestampMs: changedAtMs };
}

export const loadBotId = 'hazel';

/** About 300 bytes of JSON, as a bot would publish it. */
export function chatRecord(random: () => number, user: number, index: number, sentAtMs: number): ChatRecord {
  const userId = `user-${String(user).padStart(7, '0')}`;
  const value = JSON.stringify({
    id: `${hex(random)}-${hex(random)}-${String(index).padStart(8, '0')}`,
    bot_id: loadBotId,
    user_id: userId,
    channel_id: `dm-${userId}`,
    channel_type: 'dm',
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: sentence(random),
    sent_at: new Date(sentAtMs).toISOString(),
  });
  return { key: `${loadBotId}/${userId}`, value, timestampMs: sentAtMs };
}

const words =
  'i you we the a my your really just maybe today tomorrow yesterday morning evening weekend work coffee dog garden sister train music guitar book recipe dinner walk rain sunny holiday doctor school exam project meeting friend movie game love like think know want need remember forget planning moving cooking running reading playing tired happy excited worried about with for from near because'.split(
    ' ',
  );

function sentence(random: () => number): string {
  const length = 14 + Math.floor(random() * 8);
  return Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(' ');
}

function hex(random: () => number): string {
  return Math.floor(random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
}

/** mulberry32: the same load in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
