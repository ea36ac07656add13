import type { StoredMessage } from '../model/message.ts';
import type { FactObservation, PreferenceObservation } from '../model/observation.ts';
import {
  factsResultSchema,
  preferencesResultSchema,
  type Evidence,
  type FactResult,
  type PreferenceResult,
} from '../model/results.ts';
import { hashOf } from './answer-store.ts';
import type { ClaimedWindow, LiveMemory } from './extraction-store.ts';
import type { StageOutcome } from './stage.ts';

type Done = Extract<StageOutcome, { status: 'done' }>;

/** The observations that a window's results make: one for each fact and preference, whichever stage found it. */
export function observationsOf(
  claim: ClaimedWindow,
  outcomes: readonly StageOutcome[],
  members: readonly StoredMessage[],
  strategy: string,
): LiveMemory {
  const sentAt = sentAtOf(members.filter(({ role }) => role === 'user'));
  const observed = (outcome: Done, claimPlace: readonly string[], evidence: readonly Evidence[]) => ({
    observationId: observationId(claim, claimPlace),
    ...(isBuiltIn(outcome.stage) ? {} : { stage: outcome.stage }),
    windowId: claim.windowId,
    revision: claim.revision,
    botId: claim.botId,
    userId: claim.userId,
    channelId: claim.channelId,
    channelType: claim.channelType,
    occurredAtMs: newestMs(evidence, sentAt) ?? claim.endedAtMs,
    method: outcome.method,
    stageVersion: outcome.stageVersion,
    strategy,
    origin: 'stage' as const,
    retracts: false,
  });
  const facts: FactObservation[] = [];
  const preferences: PreferenceObservation[] = [];
  for (const outcome of outcomes) {
    if (outcome.status !== 'done') continue;
    const found = claimsOf(outcome);
    facts.push(
      ...found.facts.map((fact, index) => ({
        ...observed(outcome, place(outcome, 'fact', index), fact.evidence),
        fact,
      })),
    );
    preferences.push(
      ...found.preferences.map((preference, index) => ({
        ...observed(outcome, place(outcome, 'preference', index), preference.evidence),
        preference,
      })),
    );
  }
  return { facts, preferences };
}

interface Claims {
  readonly facts: readonly FactResult[];
  readonly preferences: readonly PreferenceResult[];
}

function claimsOf({ stage, result, remembered }: Done): Claims {
  if (stage === 'facts') return { facts: factsResultSchema.parse(result).facts, preferences: [] };
  if (stage === 'preferences')
    return { facts: [], preferences: preferencesResultSchema.parse(result).preferences };
  return remembered ?? { facts: [], preferences: [] };
}

/** Which of a stage's claims it is: a stage of a user's own may have both kinds. */
function place({ stage }: Done, kind: 'fact' | 'preference', index: number): string[] {
  return isBuiltIn(stage) ? [stage, String(index)] : [stage, kind, String(index)];
}

/** Observations of these carry no name of a stage: their kind tells it. */
function isBuiltIn(stage: string): boolean {
  return stage === 'facts' || stage === 'preferences';
}

/** The same claim of the same revision always carries the same id. */
function observationId(claim: ClaimedWindow, claimPlace: readonly string[]): string {
  const hex = hashOf([claim.windowId, String(claim.revision), ...claimPlace]);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** Event times by id, and by id and channel: evidence names the channel where there are several. */
function sentAtOf(members: readonly StoredMessage[]): ReadonlyMap<string, number> {
  return new Map(
    members.flatMap(({ messageId, channelId, sentAtMs }) => [
      [placeOf(messageId, undefined), sentAtMs],
      [placeOf(messageId, channelId), sentAtMs],
    ]),
  );
}

function placeOf(messageId: string, channelId: string | null | undefined): string {
  return JSON.stringify(channelId === undefined ? [messageId] : [messageId, channelId]);
}

function newestMs(evidence: readonly Evidence[], sentAt: ReadonlyMap<string, number>): number | undefined {
  const times = evidence.flatMap(
    ({ message_id: id, channel_id: channelId }) => sentAt.get(placeOf(id, channelId)) ?? [],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}
