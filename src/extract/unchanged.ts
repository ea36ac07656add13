import type { CurrentResult } from './extraction-store.ts';
import { offlineReasons } from './run-offline.ts';
import type { Stage } from './stage.ts';

/** What a stage would be run on, and how. */
export interface StageQuestion {
  readonly stage: Stage;
  readonly strategy: string;
  readonly membersDigest: string;
  /** Why it would not be run; undefined: it would. */
  readonly skip: string | undefined;
  readonly byModel: boolean;
}

/**
 * Whether the stage's current result answers the question: same members, version and
 * strategy. A failed stage is asked again, and what was made without a model is made anew
 * once there is one.
 */
export function isAnswered(question: StageQuestion, current: readonly CurrentResult[]): boolean {
  const { stage, strategy, membersDigest, skip, byModel } = question;
  const result = current.find((candidate) => candidate.stage === stage.name);
  if (
    result?.membersDigest !== membersDigest ||
    result.stageVersion !== stage.version ||
    result.strategy !== strategy
  ) {
    return false;
  }
  if (result.status === 'done') return skip === undefined && (result.method === 'model' || !byModel);
  if (result.status === 'failed') return false;
  // Offline, a stage may have been skipped though it is worth running: it has no offline form.
  return result.reason === skip || (!byModel && skip === undefined && isOfflineReason(result.reason));
}

function isOfflineReason(reason: string | null): boolean {
  return reason === offlineReasons.noForm || reason === offlineReasons.notGoodEnough;
}
