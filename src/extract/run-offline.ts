import { isAfterwordError } from '../errors.ts';
import { noUsage } from '../model/results.ts';
import { checkDraft, type DraftReading } from './read-draft.ts';
import type { Stage, StageOutcome } from './stage.ts';
import type { Transcript } from './transcript.ts';
import { skipReason, toSkipped } from './worth-running.ts';

/** Why a stage that is worth running is skipped where there is no model. */
export const offlineReasons = {
  noForm: 'no-offline-form',
  notGoodEnough: 'offline-not-good-enough',
} as const;

/**
 * The stages without any model, through the same checks. A stage that has no offline
 * form, or whose offline answer does not hold, is skipped: there is nothing to repair.
 * `onStageFault` is told of a stage that threw; its siblings go on.
 */
export function runOffline(
  stages: readonly Stage[],
  transcript: Transcript,
  onStageFault?: (stage: Stage, error: Error) => void,
): StageOutcome[] {
  return stages.map((stage) => {
    const reason = skipReason(stage, transcript);
    if (reason !== undefined) return toSkipped(stage, reason);
    if (stage.offline === undefined) return toSkipped(stage, offlineReasons.noForm);
    const reading = readOffline(stage, transcript);
    if ('fault' in reading) onStageFault?.(stage, reading.fault);
    return toOutcome(stage, reading);
  });
}

function readOffline(stage: Stage, transcript: Transcript): DraftReading {
  try {
    return checkDraft(stage, stage.offline?.(transcript), transcript);
  } catch (error) {
    return {
      held: false,
      fault: error instanceof Error ? error : new Error('an offline form threw no error'),
    };
  }
}

function toOutcome(stage: Stage, reading: DraftReading): StageOutcome {
  const named = { stage: stage.name, stageVersion: stage.version };
  if (reading.held) {
    return { status: 'done', ...named, method: 'offline', model: null, usage: noUsage, ...reading.checked };
  }
  if ('fault' in reading) {
    const errorCode = isAfterwordError(reading.fault) ? reading.fault.code : 'INVARIANT_BROKEN';
    return { status: 'failed', ...named, errorCode, usage: noUsage };
  }
  return toSkipped(stage, offlineReasons.notGoodEnough);
}
