import { windowEventFields } from '../model/event-data.ts';
import type { MemoryChange } from '../model/memory.ts';
import type { MemoryChangeEntry } from '../model/memory-change-event.ts';
import type { RetractedId } from '../model/redaction.ts';
import { renderFactSentence } from '../memory/render-fact-sentence.ts';
import type { ClaimedWindow, ResultEventDraft } from './extraction-store.ts';
import type { StageOutcome } from './stage.ts';

/** One event for each stage that has a result. */
export function stageCompletedEvents(
  claim: ClaimedWindow,
  outcomes: readonly StageOutcome[],
  strategy: string,
): ResultEventDraft[] {
  return outcomes.flatMap((outcome) =>
    outcome.status === 'done'
      ? [
          {
            type: 'afterword.stage.completed.v1' as const,
            data: {
              ...windowEventFields(claim),
              stage: outcome.stage,
              stage_version: outcome.stageVersion,
              strategy,
              method: outcome.method,
              model: outcome.model,
              usage: outcome.usage,
              result: outcome.result,
            },
          },
        ]
      : [],
  );
}

export function windowEnrichedEvent(
  claim: ClaimedWindow,
  outcomes: readonly StageOutcome[],
  language: string | null,
): ResultEventDraft {
  const stages = Object.fromEntries(outcomes.map((outcome) => [outcome.stage, stageEntry(outcome)]));
  const data = { ...windowEventFields(claim), ...(language !== null && { language }), stages };
  return { type: 'afterword.window.enriched.v1', data };
}

function stageEntry(outcome: StageOutcome): Readonly<Record<string, unknown>> {
  const { status, stageVersion } = outcome;
  switch (status) {
    case 'done':
      return {
        status,
        stage_version: stageVersion,
        method: outcome.method,
        model: outcome.model,
        result: outcome.result,
      };
    case 'skipped':
      return { status, stage_version: stageVersion, reason: outcome.reason };
    case 'failed':
      return { status, stage_version: stageVersion, error_code: outcome.errorCode };
  }
}

export function windowSupersededEvent(claim: ClaimedWindow): ResultEventDraft {
  return {
    type: 'afterword.window.superseded.v1',
    data: { ...windowEventFields(claim), revision: claim.storedRevision, by: claim.supersededBy },
  };
}

/** Whose revision changed memory; null: a deleted message did. */
interface ChangeOrigin {
  readonly runId: number;
  readonly windowId: string | null;
  readonly revision: number | null;
}

export function memoryChangedEvent(
  origin: ChangeOrigin,
  changes: readonly MemoryChange[],
): ResultEventDraft[] {
  if (changes.length === 0) return [];
  return [
    {
      type: 'afterword.memory.changed.v1',
      data: {
        run_id: String(origin.runId),
        window_id: origin.windowId,
        revision: origin.revision,
        changes: changes.map(changeEntry),
      },
    },
  ];
}

/**
 * What went with deleted messages, as ids: to say what it was would be to repeat their
 * words. What stays, or holds again, is told in full.
 *
 * @param before what had gone before, and whose news went with the words
 */
export function memoryRedactedEvents(
  runId: number,
  changes: readonly MemoryChange[],
  before: readonly RetractedId[] = [],
): ResultEventDraft[] {
  const origin = { runId, windowId: null, revision: null };
  const gone = changes.filter((change) => change.kind === 'retracted');
  const told = memoryChangedEvent(
    origin,
    changes.filter((change) => change.kind !== 'retracted'),
  );
  const nowGone = gone.map((change) => ({
    kind: change.subject,
    change: change.kind,
    id: change.subject === 'fact' ? change.fact.factId : change.preference.preferenceId,
  }));
  const known = new Set(nowGone.map(({ id }) => id));
  const ids = [
    ...before.filter(({ id }) => !known.has(id)).map(({ kind, id }) => ({ kind, change: 'retracted', id })),
    ...nowGone,
  ];
  if (ids.length === 0) return told;
  const data = {
    run_id: String(runId),
    window_id: null,
    revision: null,
    changes: ids,
    change_count: ids.length,
    truncated: true,
  };
  return [{ type: 'afterword.memory.changed.v1', data }, ...told];
}

function changeEntry(change: MemoryChange): MemoryChangeEntry {
  const item = change.subject === 'fact' ? change.fact : change.preference;
  const shared = {
    change: change.kind,
    new: change.kind !== 'retracted' && change.new,
    retracted_by: change.kind === 'retracted' ? change.by : null,
    superseded_by: item.supersededBy,
    confidence: item.confidence,
    valid_from: timeOrNull(item.validFromMs),
    valid_to: timeOrNull(item.validToMs),
    channels: item.channels.map(({ channelId, channelType }) => ({
      channel_id: channelId,
      channel_type: channelType,
    })),
    evidence: item.evidence.map(({ messageId, quote, channelId, windowId, occurredAtMs }) => ({
      message_id: messageId,
      quote,
      ...(channelId !== undefined && { channel_id: channelId }),
      window_id: windowId,
      occurred_at: new Date(occurredAtMs).toISOString(),
    })),
  };
  if (change.subject === 'fact') {
    const { factId, relation, predicate, entityName, entityType, attributes, polarity, modality } =
      change.fact;
    return {
      kind: 'fact',
      id: factId,
      statement: renderFactSentence(change.fact),
      ...shared,
      fact: {
        relation,
        predicate,
        entity_name: entityName,
        entity_type: entityType,
        attributes: { ...attributes },
        polarity,
        modality,
      },
    };
  }
  const { preferenceId, key, value, explicit, reasoning } = change.preference;
  return {
    kind: 'preference',
    id: preferenceId,
    statement: `${key.replaceAll('_', ' ')}: ${value}`,
    ...shared,
    preference: { key, value, explicit, reasoning },
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
