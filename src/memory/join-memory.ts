import type { MemoryState, Remembered } from '../model/memory.ts';
import type { FactObservation, Observation, PreferenceObservation } from '../model/observation.ts';
import type { PreferenceKey } from '../model/results.ts';
import { foldFactGroups } from './fold-facts.ts';
import { foldPreferenceGroups } from './fold-preferences.ts';

export interface ObservedMemory {
  readonly facts: readonly FactObservation[];
  readonly preferences: readonly PreferenceObservation[];
}

export interface JoinedMemory extends MemoryState {
  /** The bots whose conversations support it, sorted, by id of the fact or preference. */
  readonly learntBy: ReadonlyMap<string, readonly string[]>;
}

/**
 * What a bot may know of a person where memory is the person's and not the bot's: the fold over its
 * own observations and those of other bots that it may see. So two bots that heard the same support
 * one fact, the newest statement wins whoever heard it, and leaving a bot's observations out takes
 * away exactly what only they supported.
 *
 * @param observed of one person, live; what was said to others in private is left out already
 */
export function joinMemory(botId: string, observed: ObservedMemory): JoinedMemory {
  const asOwn = <Source extends Observation>(source: Source): Source => ({ ...source, botId });
  const facts = foldFactGroups(observed.facts.map(asOwn));
  const preferences = foldPreferenceGroups(
    observed.preferences.filter((source) => source.botId === botId || isPersonal(source)).map(asOwn),
  );
  const botOf = new Map(
    [...observed.facts, ...observed.preferences].map((source) => [source.windowId, source.botId]),
  );
  const bots = (remembered: Remembered): string[] => {
    const heard = remembered.windowIds.flatMap((windowId) => botOf.get(windowId) ?? []);
    return heard.length === 0 ? [botId] : [...new Set(heard)].sort();
  };
  return {
    facts,
    preferences,
    learntBy: new Map([
      ...facts.map((fact) => [fact.factId, bots(fact)] as const),
      ...preferences.map((preference) => [preference.preferenceId, bots(preference)] as const),
    ]),
  };
}

/** Of the person; the others say how one bot should talk, and may differ from bot to bot. */
const personalKeys: ReadonlySet<PreferenceKey> = new Set([
  'preferred_name',
  'pronouns',
  'timezone',
  'location',
  'language',
]);

function isPersonal({ preference }: PreferenceObservation): boolean {
  return personalKeys.has(preference.key);
}
