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
  const known: ObservedMemory = {
    facts: observed.facts,
    preferences: observed.preferences.filter((source) => source.botId === botId || isPersonal(source)),
  };
  const memory = foldAs(known, (source) => ({ ...source, botId }));
  // Of its windows a fold remembers the newest only, of its channels all: so bots stand in for channels.
  const heard = foldAs(known, (source) => ({ ...source, botId, channelId: source.botId, channelType: null }));
  const bots = ({ channels }: Remembered): string[] => {
    const names = channels.flatMap(({ channelId }) => channelId ?? []);
    return names.length === 0 ? [botId] : names.sort();
  };
  return {
    ...memory,
    learntBy: new Map([
      ...heard.facts.map((fact) => [fact.factId, bots(fact)] as const),
      ...heard.preferences.map((preference) => [preference.preferenceId, bots(preference)] as const),
    ]),
  };
}

/** The fold over the observations as they are told; ids do not depend on who heard what where. */
function foldAs(
  { facts, preferences }: ObservedMemory,
  told: <Source extends Observation>(source: Source) => Source,
): MemoryState {
  return {
    facts: foldFactGroups(facts.map(told)),
    preferences: foldPreferenceGroups(preferences.map(told)),
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
