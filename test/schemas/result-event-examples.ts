import type { ResultEvent, ResultEventData, ResultEventType } from '../../src/model/result-event.ts';
import { eventId, eventSubject } from '../../src/publish/cloud-event.ts';

const key = { botId: 'hazel', userId: 'nora.viklund' };
const common = { sequence: 1_794_870_000_000_000, bot_id: key.botId, user_id: key.userId, run_id: '1' };
const window = {
  window_id: '5f1c0a34-7d2e-8b19-9c40-3f2a61d8e705',
  revision: 1,
  channel_id: '1428077155402846291',
  channel_type: 'dm',
  started_at: '2026-11-16T18:40:20.315Z',
  ended_at: '2026-11-16T18:46:31.902Z',
  message_count: 13,
  close_reason: 'stream-time',
} as const;
const quote = 'I live in Coimbra now';
const summary = {
  summary_text: 'Nora tells that she has moved to Coimbra.',
  key_topics: ['moving', 'work'],
  emotional_tone: 'positive',
  compression_ratio: 0.1,
  confidence_score: 0.8,
} as const;
const analyser = { stage_version: '1', method: 'offline', model: null } as const;
const usage = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, calls: 0 };

export const moved = {
  change: 'confirmed',
  id: '0d7b7f3c-93c1-8f0e-a1d4-64b2a7f0c9e1',
  new: true,
  retracted_by: null,
  superseded_by: null,
  statement: 'Lives in Coimbra',
  confidence: 0.7,
  valid_from: '2026-11-16T18:41:30.000Z',
  valid_to: null,
  channels: [{ channel_id: window.channel_id, channel_type: 'dm' }],
  evidence: [
    { message_id: '1571', quote, window_id: window.window_id, occurred_at: '2026-11-16T18:41:30.000Z' },
  ],
  kind: 'fact',
  fact: {
    relation: 'lives_in',
    predicate: null,
    entity_name: 'Coimbra',
    entity_type: 'place',
    attributes: {},
    polarity: 'positive',
    modality: 'stated',
  },
} as const;

/** A plausible event of every type. */
export const exampleData: { readonly [Type in ResultEventType]: ResultEventData<Type> } = {
  'afterword.window.closed.v1': { ...common, ...window },
  'afterword.stage.completed.v1': {
    ...common,
    ...window,
    ...analyser,
    stage: 'summary',
    strategy: 'default',
    usage,
    result: { ...summary, key_topics: [...summary.key_topics] },
  },
  'afterword.window.enriched.v1': {
    ...common,
    ...window,
    stages: {
      summary: { status: 'done', ...analyser, result: { ...summary, key_topics: [...summary.key_topics] } },
      preferences: { status: 'failed', stage_version: '1', error_code: 'MODEL_REFUSED' },
      mood: { status: 'done', ...analyser, result: [{ minute: 3, mood: 'bright' }] },
      habits: { status: 'skipped', stage_version: '2', reason: 'too-few-messages' },
    },
  },
  'afterword.memory.changed.v1': {
    ...common,
    window_id: window.window_id,
    revision: 1,
    changes: [{ ...moved, channels: [...moved.channels], evidence: [...moved.evidence] }],
  },
  'afterword.window.superseded.v1': { ...common, ...window, by: ['6a1c0a34-7d2e-8b19-9c40-3f2a61d8e705'] },
  'afterword.user.erased.v1': {
    ...common,
    erased_at: '2026-11-19T08:00:00.000Z',
    erased: { messages: 57, windows: 5, results: 15, facts: 21, preferences: 1, vectors: 26 },
  },
};

export function exampleEvent<Type extends ResultEventType>(
  type: Type,
  data: ResultEventData<Type> = exampleData[type],
): Extract<ResultEvent, { type: Type }> {
  const event = {
    id: eventId(type, key, data.sequence),
    type,
    source: '/afterword',
    subject: eventSubject(key),
    timeMs: Date.UTC(2026, 10, 16, 19, 20, 4, 250),
    data,
  };
  // TypeScript does not see that an object over a generic key is one member of the union.
  return event as unknown as Extract<ResultEvent, { type: Type }>;
}
