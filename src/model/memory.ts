import type { EntityType, Method, Polarity, PreferenceKey, Relation } from './results.ts';

/** The words that carry a fact or a preference. */
export interface MemoryEvidence {
  readonly messageId: string;
  readonly quote: string;
  /** Of the message, where its window’s messages are of several channels. */
  readonly channelId?: string | null;
  /** Null: entered by hand. */
  readonly windowId: string | null;
  readonly occurredAtMs: number;
}

export interface LearntIn {
  readonly channelId: string | null;
  readonly channelType: string | null;
}

/**
 * `current`: holds as far as anybody said. A `validToMs` on it is an end that was announced.
 * `superseded`: another one took its place (`supersededBy`).
 * `ended`: the user said that it is over, without saying what came instead.
 * `retracted`: a person said that it is wrong.
 */
export const memoryStatuses = ['current', 'superseded', 'ended', 'retracted'] as const;
export type MemoryStatus = (typeof memoryStatuses)[number];

/** What facts and preferences have in common after the fold. Times are epoch milliseconds of event time. */
export interface Remembered {
  readonly botId: string;
  readonly userId: string;
  readonly groupKey: string;
  readonly status: MemoryStatus;
  /** 0–1. Grows with the distinct windows that said it; never the analyser's own number alone. */
  readonly confidence: number;
  /** Null: it ended, and nobody said when it began. */
  readonly validFromMs: number | null;
  readonly validToMs: number | null;
  /** Id of the fact or preference that took its place. */
  readonly supersededBy: string | null;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Newest first, bounded; at least one of each supporting window as far as the bound allows. */
  readonly evidence: readonly MemoryEvidence[];
  /** Newest first, bounded; `windowCount` counts them all. */
  readonly windowIds: readonly string[];
  readonly windowCount: number;
  /** Every channel in which it was said, so that a reader can keep private ones apart. */
  readonly channels: readonly LearntIn[];
  /** The best of what supports it: a person, then a model, then the offline analyser. */
  readonly method: Method | 'manual';
}

export interface FoldedFact extends Remembered {
  readonly factId: string;
  readonly relation: Relation;
  /** The free wording of the relation, only with `other`. */
  readonly predicate: string | null;
  readonly entityName: string;
  readonly entityType: EntityType;
  readonly attributes: Readonly<Record<string, string>>;
  readonly polarity: Polarity;
  readonly modality: 'stated' | 'implied';
}

export interface FoldedPreference extends Remembered {
  readonly preferenceId: string;
  readonly key: PreferenceKey;
  readonly value: string;
  readonly explicit: boolean;
  readonly reasoning: string;
}

/** All that is known of some groups (or of all) of one (bot, user). */
export interface MemoryState {
  readonly facts: readonly FoldedFact[];
  readonly preferences: readonly FoldedPreference[];
}

/**
 * `confirmed`: current; `new` says that it was not current before.
 * `superseded`: no longer current, or its history changed; the status says whether it was replaced or ended.
 * `retracted`: gone; `by` says whether a person withdrew it or its evidence went away.
 */
export type MemoryChangeKind =
  | { readonly kind: 'confirmed'; readonly new: boolean }
  | { readonly kind: 'superseded'; readonly new: boolean }
  | { readonly kind: 'retracted'; readonly by: 'person' | 'evidence' };

/** The fact or preference as it is after the change; one that is gone, as it was before. */
export type MemoryChange = MemoryChangeKind &
  (
    | { readonly subject: 'fact'; readonly fact: FoldedFact }
    | { readonly subject: 'preference'; readonly preference: FoldedPreference }
  );
