import type { FoldedFact, FoldedPreference } from '../model/memory.ts';
import type {
  ProfileDocument,
  ProfileFact,
  ProfilePreference,
  ProfileSection,
  ProfileSummary,
} from '../model/profile.ts';
import { preferenceKeys, type SummaryResult } from '../model/results.ts';
import { isStale, staleAfterMs } from './is-stale.ts';
import { compareEarlier, compareForReading, sectionOf } from './profile-sections.ts';
import type { RelationLifetimes } from './relation-rules.ts';
import { renderFactSentence } from './render-fact-sentence.ts';

const maxSummaries = 3;
/** History is for telling how things changed, not for telling everything. */
const maxEarlier = 10;

export interface WindowSummary {
  readonly windowId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly summary: SummaryResult;
}

export interface ProfileParts {
  readonly botId: string;
  readonly userId: string;
  /** In any order; history and retracted ones may be among them. */
  readonly facts: readonly FoldedFact[];
  readonly preferences: readonly FoldedPreference[];
  readonly summaries: readonly WindowSummary[];
  /** The time to judge staleness by. Without it nothing in the document depends on when it was made. */
  readonly nowMs?: number;
  readonly lifetimes?: Partial<RelationLifetimes>;
  /** The bots that support each fact and preference, by its id, where memory is shared between bots. */
  readonly learntBy?: ReadonlyMap<string, readonly string[]>;
}

export function renderProfile(parts: ProfileParts): ProfileDocument {
  const of = (section: ProfileSection): ProfileFact[] => sectionFacts(parts, section);
  return {
    bot_id: parts.botId,
    user_id: parts.userId,
    facts: {
      about: of('about'),
      likes: of('likes'),
      people_and_pets: of('people_and_pets'),
      plans: of('plans'),
      recently: of('recently'),
      earlier: of('earlier').slice(0, maxEarlier),
    },
    preferences: parts.preferences
      .filter(({ status }) => status === 'current')
      .sort(comparePreferences)
      .map((preference) => profilePreference(preference, parts)),
    summaries: newestSummaries(parts.summaries),
  };
}

function sectionFacts(parts: ProfileParts, section: ProfileSection): ProfileFact[] {
  return parts.facts
    .filter((fact) => isWorthReading(fact) && sectionOf(fact, parts.nowMs) === section)
    .sort(section === 'earlier' ? compareEarlier : compareForReading)
    .map((fact) => profileFact(fact, parts));
}

/** Left out: what a person withdrew, and what never held because it was taken back at once. */
function isWorthReading({ status, validFromMs, validToMs }: FoldedFact): boolean {
  if (status === 'retracted') return false;
  return status === 'current' || validFromMs === null || validToMs === null || validFromMs < validToMs;
}

function profileFact(fact: FoldedFact, { nowMs, lifetimes, learntBy }: ProfileParts): ProfileFact {
  return {
    fact_id: fact.factId,
    sentence: renderFactSentence(fact, nowMs),
    relation: fact.relation,
    predicate: fact.predicate,
    entity_name: fact.entityName,
    entity_type: fact.entityType,
    attributes: fact.attributes,
    polarity: fact.polarity,
    status: fact.status,
    confidence: fact.confidence,
    valid_from: fact.validFromMs === null ? null : rfc3339(fact.validFromMs),
    valid_to: fact.validToMs === null ? null : rfc3339(fact.validToMs),
    last_seen: rfc3339(fact.lastSeenMs),
    channels: fact.channels,
    ...learntByOf(fact.factId, learntBy),
    stale_after: rfc3339OrNever(staleAfterMs(fact, lifetimes)),
    ...(nowMs === undefined ? {} : { stale: isStale(fact, nowMs, lifetimes) }),
  };
}

function profilePreference(preference: FoldedPreference, { learntBy }: ProfileParts): ProfilePreference {
  return {
    preference_id: preference.preferenceId,
    key: preference.key,
    value: preference.value,
    explicit: preference.explicit,
    confidence: preference.confidence,
    last_seen: rfc3339(preference.lastSeenMs),
    channels: preference.channels,
    ...learntByOf(preference.preferenceId, learntBy),
  };
}

function learntByOf(id: string, learntBy: ProfileParts['learntBy']): Pick<ProfileFact, 'learnt_by'> {
  const bots = learntBy?.get(id);
  return bots === undefined ? {} : { learnt_by: bots };
}

/** By the vocabulary's order of keys, then the newest. */
function comparePreferences(a: FoldedPreference, b: FoldedPreference): number {
  return (
    preferenceKeys.indexOf(a.key) - preferenceKeys.indexOf(b.key) ||
    b.lastSeenMs - a.lastSeenMs ||
    (a.preferenceId < b.preferenceId ? -1 : 1)
  );
}

function newestSummaries(summaries: readonly WindowSummary[]): ProfileSummary[] {
  return [...summaries]
    .sort((a, b) => b.endedAtMs - a.endedAtMs || (a.windowId < b.windowId ? -1 : 1))
    .slice(0, maxSummaries)
    .map(({ windowId, startedAtMs, endedAtMs, summary }) => ({
      window_id: windowId,
      started_at: rfc3339(startedAtMs),
      ended_at: rfc3339(endedAtMs),
      ...summary,
    }));
}

/** RFC 3339 ends with the year 9999. */
const lastMs = Date.UTC(9999, 11, 31);

function rfc3339OrNever(ms: number | null): string | null {
  return ms === null || ms > lastMs ? null : rfc3339(ms);
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
