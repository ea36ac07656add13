import { isObject, type Fields } from '../decode/read-json.ts';

/**
 * A fact or preference in one form, whether an event tells it or a row holds it: rows write
 * camelCase and milliseconds, events snake_case and RFC 3339.
 */
export function toldForm(item: unknown): unknown {
  if (!isObject(item)) return item;
  const content = [item['fact'], item['preference']].find(isObject) ?? item;
  const either = (of: Fields, snake: string, camel: string): unknown => of[snake] ?? of[camel] ?? null;
  return {
    relation: content['relation'] ?? null,
    predicate: content['predicate'] ?? null,
    entityName: either(content, 'entity_name', 'entityName'),
    entityType: either(content, 'entity_type', 'entityType'),
    attributes: content['attributes'] ?? null,
    polarity: content['polarity'] ?? null,
    modality: content['modality'] ?? null,
    key: content['key'] ?? null,
    value: content['value'] ?? null,
    explicit: content['explicit'] ?? null,
    reasoning: content['reasoning'] ?? null,
    confidence: item['confidence'],
    validFrom: timeOf(either(item, 'valid_from', 'validFromMs')),
    validTo: timeOf(either(item, 'valid_to', 'validToMs')),
    supersededBy: either(item, 'superseded_by', 'supersededBy'),
    channels: listOf(item['channels']).map((channel) => ({
      channelId: either(channel, 'channel_id', 'channelId'),
      channelType: either(channel, 'channel_type', 'channelType'),
    })),
    evidence: listOf(item['evidence']).map((evidence) => ({
      messageId: either(evidence, 'message_id', 'messageId'),
      channelId: either(evidence, 'channel_id', 'channelId'),
      windowId: either(evidence, 'window_id', 'windowId'),
      quote: evidence['quote'],
      occurredAt: timeOf(either(evidence, 'occurred_at', 'occurredAtMs')),
    })),
  };
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isObject) : [];
}

function timeOf(value: unknown): number | null {
  if (typeof value === 'string') return Date.parse(value);
  return typeof value === 'number' ? value : null;
}
