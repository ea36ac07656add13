import type { StoredMessage } from '../model/message.ts';
import type { FactObservation, PreferenceObservation } from '../model/observation.ts';
import { factsResultSchema, preferencesResultSchema, type Evidence } from '../model/results.ts';
import { hashOf } from './answer-store.ts';
import type { ClaimedWindow, LiveMemory } from './extraction-store.ts';
import type { StageOutcome } from './stage.ts';

type Done = Extract<StageOutcome, { status: 'done' }>;

/** The observations that a window's results make: one for each fact and preference. */
export function observationsOf(
  claim: ClaimedWindow,
  outcomes: readonly StageOutcome[],
  members: readonly StoredMessage[],
  strategy: string,
): LiveMemory {
  const sentAt = sentAtOf(members.filter(({ role }) => role === 'user'));
  const observed = (outcome: Done, index: number, evidence: readonly Evidence[]) => ({
    observationId: observationId(claim, outcome.stage, index),
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
    if (outcome.stage === 'facts') {
      const result = factsResultSchema.parse(outcome.result);
      facts.push(
        ...result.facts.map((fact, index) => ({ ...observed(outcome, index, fact.evidence), fact })),
      );
    } else if (outcome.stage === 'preferences') {
      const result = preferencesResultSchema.parse(outcome.result);
      preferences.push(
        ...result.preferences.map((preference, index) => ({
          ...observed(outcome, index, preference.evidence),
          preference,
        })),
      );
    }
  }
  return { facts, preferences };
}

/** The same claim of the same revision always carries the same id. */
function observationId(claim: ClaimedWindow, stage: string, index: number): string {
  const hex = hashOf([claim.windowId, String(claim.revision), stage, String(index)]);
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
