import type { FactObservation, PreferenceObservation } from '../../src/model/observation.ts';
import type { FactResult, PreferenceResult } from '../../src/model/results.ts';

export const dayMs = 86_400_000;

/** Midnight UTC of a date, epoch milliseconds. */
export function at(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

type Envelope = Partial<Omit<FactObservation, 'fact'>> & { on?: string };
export type FactWords = Partial<FactResult> & Pick<FactResult, 'relation' | 'entity_name'>;

/** One claim in a window of its own, stated to a model on the given day. */
export function fact(words: FactWords, { on = '2026-01-01', ...envelope }: Envelope = {}): FactObservation {
  const common = envelopeOf(on, envelope, `${words.relation}-${words.entity_name}`);
  return {
    ...common,
    fact: {
      entity_type: 'other',
      polarity: 'positive',
      modality: 'stated',
      confidence: 0.9,
      valid_from: null,
      valid_to: null,
      evidence: [{ message_id: `m-${common.windowId ?? 'hand'}`, quote: words.entity_name }],
      ...words,
    },
  };
}

type PreferenceWords = Partial<PreferenceResult> & Pick<PreferenceResult, 'key' | 'value'>;

export function preference(
  words: PreferenceWords,
  { on = '2026-01-01', ...envelope }: Envelope = {},
): PreferenceObservation {
  const common = envelopeOf(on, envelope, `${words.key}-${words.value}`);
  return {
    ...common,
    preference: {
      explicit: true,
      confidence: 0.9,
      reasoning: 'said so',
      evidence: [{ message_id: `m-${common.windowId ?? 'hand'}`, quote: words.value }],
      ...words,
    },
  };
}

export function byHand<Observed extends FactObservation | PreferenceObservation>(
  observation: Observed,
  retracts = false,
): Observed {
  return {
    ...observation,
    observationId: `hand-${observation.observationId}-${retracts ? 'no' : 'yes'}`,
    windowId: null,
    method: 'manual',
    origin: 'manual',
    retracts,
  };
}

function envelopeOf(on: string, envelope: Omit<Envelope, 'on'>, what: string): Omit<FactObservation, 'fact'> {
  const windowId = envelope.windowId === undefined ? `w-${on}` : envelope.windowId;
  return {
    observationId: `${windowId ?? 'hand'}/${on}/${what}`,
    revision: 0,
    botId: 'bot',
    userId: 'ann',
    channelId: null,
    channelType: 'dm',
    occurredAtMs: at(on),
    method: 'model',
    stageVersion: '1',
    strategy: 'default',
    origin: 'stage',
    retracts: false,
    ...envelope,
    windowId,
  };
}
