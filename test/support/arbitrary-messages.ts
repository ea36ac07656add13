import fc from 'fast-check';

/**
 * What can be in the messages of one session key, in small numbers so that ties, exact
 * gaps, bursts over the caps and bridges are the rule and not the exception.
 */
export interface Conversation {
  /** In the order of arrival, which is not the order of event time. */
  readonly messages: readonly ConversationMessage[];
  readonly ends: readonly { readonly endedAtMs: number }[];
  /** At least one; dated, in no order. */
  readonly settings: readonly ConversationSettings[];
}

export interface ConversationMessage {
  readonly identity: string;
  readonly sentAtMs: number;
}

export interface ConversationSettings {
  readonly effectiveFromMs: number;
  readonly gapMs: number;
  readonly maxMessages: number;
  readonly maxDurationMs: number;
}

const gapsMs = [5, 10, 20] as const;

/** The silence before a message: often none, often exactly a gap, often one millisecond off. */
const silenceMs = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 3, arbitrary: fc.constantFrom(...gapsMs.flatMap((gapMs) => [gapMs - 1, gapMs, gapMs + 1])) },
  { weight: 1, arbitrary: fc.integer({ min: 21, max: 200 }) },
);

/** A burst at one instant is what no cap may part. */
const silencesMs = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: silenceMs.map((silence) => [silence]) },
      { weight: 1, arbitrary: fc.integer({ min: 3, max: 9 }).map((size) => Array<number>(size).fill(0)) },
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((parts) => parts.flat());

const settings = fc.record({
  effectiveFromMs: fc.integer({ min: -50, max: 100 }),
  gapMs: fc.constantFrom(...gapsMs),
  maxMessages: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(500)),
  maxDurationMs: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(1_000_000)),
});

/** Event times around zero, so that times before 1970 are met as well. */
function messagesAt(silences: readonly number[]): ConversationMessage[] {
  let sentAtMs = -20;
  return silences.map((silence, index) => {
    sentAtMs += silence;
    return { identity: `m${index}`, sentAtMs };
  });
}

const marker = fc.integer({ min: -25, max: 250 }).map((endedAtMs) => ({ endedAtMs }));

/** Any conversation: arrival shuffled, up to four end markers, up to three settings over time. */
export const arbitraryConversation: fc.Arbitrary<Conversation> = fc.record({
  messages: silencesMs
    .map(messagesAt)
    .chain((messages) => fc.shuffledSubarray(messages, { minLength: messages.length })),
  ends: fc.array(marker, { maxLength: 4 }),
  settings: fc.array(settings, { minLength: 1, maxLength: 3 }),
});
