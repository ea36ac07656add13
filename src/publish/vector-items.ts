import { createHash } from 'node:crypto';
import { renderFactSentence } from '../memory/render-fact-sentence.ts';
import type { FoldedFact } from '../model/memory.ts';
import type { CurrentSummary } from './vector-outbox.ts';
import type { VectorItem } from './vector-index.ts';

/** An item that has no vector yet, and the words to make it from. */
export interface ItemToEmbed {
  readonly item: Omit<VectorItem, 'vector'>;
  readonly embedText: string;
}

/** Windows have ids of their own; the same window is the same item in every revision. */
export function summaryItemId(windowId: string): string {
  return itemIdOf('summary', [windowId]);
}

/** A fact's id is unique within its person only, and the same under every run. */
export function factItemId(botId: string, userId: string, factId: string): string {
  return itemIdOf('fact', [botId, userId, factId]);
}

export function summaryItem(summary: CurrentSummary): ItemToEmbed {
  const { windowId, botId, userId, channelId, channelType, endedAtMs, summaryText, keyTopics } = summary;
  return {
    item: {
      itemId: summaryItemId(windowId),
      kind: 'summary',
      botId,
      userId,
      channelId,
      channelTypes: channelType === null ? [] : [channelType],
      windowId,
      text: summaryText,
      occurredAtMs: endedAtMs,
    },
    // People look for a topic by its name, which the sentences may only paraphrase.
    embedText: [summaryText, ...keyTopics].join('\n'),
  };
}

export function factItem(fact: FoldedFact): ItemToEmbed {
  const text = renderFactSentence(fact);
  const channelIds = new Set(fact.channels.map(({ channelId }) => channelId));
  const channelTypes = new Set(fact.channels.flatMap(({ channelType }) => channelType ?? []));
  const [onlyChannel] = channelIds;
  return {
    item: {
      itemId: factItemId(fact.botId, fact.userId, fact.factId),
      kind: 'fact',
      botId: fact.botId,
      userId: fact.userId,
      channelId: channelIds.size === 1 ? (onlyChannel ?? null) : null,
      channelTypes: [...channelTypes].sort(),
      windowId: fact.windowIds[0] ?? null,
      text,
      occurredAtMs: fact.lastSeenMs,
    },
    embedText: text,
  };
}

/** A UUID (version 8, RFC 9562) from a hash. Must never change, or what is indexed stays beside its successor. */
function itemIdOf(kind: string, parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of [`afterword.vector.${kind}`, ...parts])
    hash.update(`${Buffer.byteLength(part)}:${part},`);
  const bytes = hash.digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
