import type { LearntIn, MemoryStatus } from './memory.ts';
import type { EntityType, Polarity, PreferenceKey, Relation, SummaryResult } from './results.ts';

/**
 * What bots read of a person: one document for each (bot, user). Names and times are
 * those of the contract (snake_case, RFC 3339), since it leaves as it is.
 */
export const profileSections = ['about', 'likes', 'people_and_pets', 'plans', 'recently', 'earlier'] as const;
export type ProfileSection = (typeof profileSections)[number];

export interface ProfileFact {
  readonly fact_id: string;
  /** "Lives in Porto". */
  readonly sentence: string;
  readonly relation: Relation;
  readonly predicate: string | null;
  readonly entity_name: string;
  readonly entity_type: EntityType;
  readonly attributes: Readonly<Record<string, string>>;
  readonly polarity: Polarity;
  readonly status: MemoryStatus;
  readonly confidence: number;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
  readonly last_seen: string;
  readonly channels: readonly LearntIn[];
  /** From then on it should not be taken for granted, unless it is said again; null: never, or history. */
  readonly stale_after: string | null;
  /** The bots whose conversations support it, where memory is shared between bots. */
  readonly learnt_by?: readonly string[];
  /** Past its relation's lifetime at the time that the profile was made for; absent when none was given. */
  readonly stale?: boolean;
}

export interface ProfilePreference {
  readonly preference_id: string;
  readonly key: PreferenceKey;
  readonly value: string;
  readonly explicit: boolean;
  readonly confidence: number;
  readonly last_seen: string;
  readonly channels: readonly LearntIn[];
  /** As of a fact. */
  readonly learnt_by?: readonly string[];
}

export interface ProfileSummary extends SummaryResult {
  readonly window_id: string;
  readonly started_at: string;
  readonly ended_at: string;
}

export interface ProfileDocument {
  readonly bot_id: string;
  readonly user_id: string;
  readonly facts: Readonly<Record<ProfileSection, readonly ProfileFact[]>>;
  readonly preferences: readonly ProfilePreference[];
  /** Newest first. */
  readonly summaries: readonly ProfileSummary[];
}
