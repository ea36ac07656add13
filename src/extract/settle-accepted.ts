import { isAfterwordError } from '../errors.ts';
import type { SettleFinish } from './extraction-store.ts';
import type { Settled, WindowResults } from './settle-window.ts';
import type { StageOutcome } from './stage.ts';

/** What was settled in the end: some stages may have become failed. */
export interface Acceptance {
  readonly settled: Settled;
  readonly results: WindowResults;
}

/**
 * Settles a window's results. What the database refuses it would refuse for ever, so the
 * stage at fault ends as failed and its siblings' results are stored: found by leaving out
 * one after the other, and all of them when that does not help.
 *
 * @throws the first refusal when it is no stage's doing; and whatever else `settle` threw
 */
export async function settleAccepted(
  results: WindowResults,
  settle: (results: WindowResults) => Promise<Settled>,
  onRefused: (stage: string, error: Error) => void,
): Promise<Acceptance> {
  try {
    return { settled: await settle(results), results };
  } catch (error) {
    if (!isRefused(error)) throw error;
    for (const refused of suspects(results.outcomes)) {
      const lesser = without(results, refused);
      const settled = await settle(lesser).catch(unlessRefused);
      if (settled === undefined) continue;
      for (const stage of refused) onRefused(stage, error);
      return { settled, results: lesser };
    }
    throw error;
  }
}

/** The data itself was refused: the same again would be refused again. */
export function isRefused(error: unknown): error is Error {
  return isAfterwordError(error) && error.code === 'DATABASE_REFUSED';
}

function unlessRefused(error: unknown): undefined {
  if (!isRefused(error)) throw error;
}

function suspects(outcomes: readonly StageOutcome[]): string[][] {
  const done = outcomes.filter(({ status }) => status === 'done').map(({ stage }) => stage);
  return done.length > 1 ? [...done.map((stage) => [stage]), done] : [done];
}

function without(results: WindowResults, refused: readonly string[]): WindowResults {
  return {
    ...results,
    outcomes: results.outcomes.map((outcome) =>
      refused.includes(outcome.stage) ? toRefused(outcome) : outcome,
    ),
    finish: finishAfter(results.finish),
  };
}

function toRefused(outcome: StageOutcome): StageOutcome {
  if (outcome.status !== 'done') return outcome;
  const { stage, stageVersion, usage } = outcome;
  return { status: 'failed', stage, stageVersion, usage, errorCode: 'DATABASE_REFUSED' };
}

/** A sibling that waits for the model still does. */
function finishAfter(finish: SettleFinish): SettleFinish {
  if (finish.status === 'retrying' || finish.status === 'deferred') return finish;
  return { ...finish, status: 'failed', errorCode: finish.errorCode ?? 'DATABASE_REFUSED' };
}
