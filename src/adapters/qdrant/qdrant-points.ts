import { z } from 'zod';
import {
  vectorKinds,
  type VectorFilter,
  type VectorHit,
  type VectorItem,
} from '../../publish/vector-index.ts';
import { unavailable } from './qdrant-errors.ts';

const payloadSchema = z.object({
  kind: z.enum(vectorKinds),
  bot_id: z.string(),
  user_id: z.string(),
  channel_id: z.string().nullable(),
  channel_types: z.array(z.string()),
  window_id: z.string().nullable(),
  text: z.string(),
  occurred_at_ms: z.number(),
});
type Payload = z.infer<typeof payloadSchema>;

export interface Point {
  readonly id: string;
  readonly vector: number[];
  readonly payload: Payload & Record<string, unknown>;
}

export function toPoint(item: VectorItem): Point {
  return {
    id: item.itemId,
    vector: [...item.vector],
    payload: {
      kind: item.kind,
      bot_id: item.botId,
      user_id: item.userId,
      channel_id: item.channelId,
      channel_types: [...item.channelTypes],
      window_id: item.windowId,
      text: item.text,
      occurred_at_ms: item.occurredAtMs,
    },
  };
}

export function toHit(point: { id: string | number; score: number; payload?: unknown }): VectorHit {
  const parsed = payloadSchema.safeParse(point.payload);
  if (!parsed.success) {
    throw unavailable('a point in Qdrant is not of our making', { details: { itemId: String(point.id) } });
  }
  const { data } = parsed;
  return {
    item: {
      itemId: String(point.id),
      kind: data.kind,
      botId: data.bot_id,
      userId: data.user_id,
      channelId: data.channel_id,
      channelTypes: data.channel_types,
      windowId: data.window_id,
      text: data.text,
      occurredAtMs: data.occurred_at_ms,
    },
    score: point.score,
  };
}

export type Condition =
  { key: string; match: { value: string } } | { key: string; range: { gte?: number; lte?: number } };

/** `must` of nothing passes everything. */
export function toFilter(filter: VectorFilter): { must: Condition[] } {
  const must: Condition[] = [];
  const equals = {
    kind: filter.kind,
    bot_id: filter.botId,
    user_id: filter.userId,
    channel_types: filter.channelType,
  };
  for (const [key, value] of Object.entries(equals)) {
    if (value !== undefined) must.push({ key, match: { value } });
  }
  if (filter.fromMs !== undefined) must.push({ key: 'occurred_at_ms', range: { gte: filter.fromMs } });
  if (filter.toMs !== undefined) must.push({ key: 'occurred_at_ms', range: { lte: filter.toMs } });
  return { must };
}
