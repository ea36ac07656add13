import { factGroupKey, preferenceGroupKey } from '../memory/group-keys.ts';
import type { StoredMessage } from '../model/message.ts';
import type {
  ClaimedWindow,
  ClaimState,
  LiveMemory,
  SettleFinish,
  SettleTransaction,
  TouchedGroups,
} from './extraction-store.ts';
import { identitiesOf, spanOf } from './members-digest.ts';
import { observationsOf } from './observe.ts';
import { changedFactIds, refold, writeProfile } from './refold.ts';
import {
  memoryChangedEvent,
  stageCompletedEvents,
  windowEnrichedEvent,
  windowSupersededEvent,
} from './result-events.ts';
import type { StageOutcome } from './stage.ts';

export interface WindowResults {
  readonly outcomes: readonly StageOutcome[];
  readonly members: readonly StoredMessage[];
  readonly membersDigest: string;
  readonly strategy: string;
  /** That the user wrote in: a BCP-47 tag or `und`. */
  readonly language: string;
  /** Nobody's to remember: also what stages found that are no longer run is taken back. */
  readonly ignored: boolean;
  readonly finish: SettleFinish;
}

export type Settled =
  | { readonly settled: true; readonly changes: number }
  /**
   * While the model thought the lease was lost, the window superseded or erased, a member deleted,
   * or its user recognized as a bot.
   */
  | {
      readonly settled: false;
      readonly reason: 'lease-lost' | 'superseded' | 'erased' | 'member-deleted' | 'user-is-a-bot';
    };

/**
 * Writes what a window's stages found: results, observations, folded memory, profile and
 * events, in one transaction. An answer for members as they were is stored unless the
 * window was superseded, erased, the lease was lost, its user is a bot by now, or a member was
 * deleted, whose words must not come back; what changed meanwhile is waiting for a further
 * revision already.
 *
 * 1. lock the key, verify the claim · 2. replace the stages' earlier results and
 * observations · 3. fold the groups touched · 4. events · 5. profile · 6. end the claim
 */
export async function settleWindow(
  transaction: SettleTransaction,
  claim: ClaimedWindow,
  results: WindowResults,
): Promise<Settled> {
  const { outcomes, members, strategy, membersDigest } = results;
  const state = await transaction.verifyClaim(identitiesOf(members));
  if (!state.held) return { settled: false, reason: 'lease-lost' };
  if (state.windowStatus === 'superseded' || state.windowStatus === 'erased') {
    // Claimed again at once as what it is now.
    await transaction.finish({ status: 'retrying', errorCode: null, delayMs: 0, stored: false });
    return { settled: false, reason: state.windowStatus };
  }
  if (state.userIsBot && !claim.userIsBot) {
    await transaction.finish({ status: 'retrying', errorCode: null, delayMs: 0, stored: false });
    return { settled: false, reason: 'user-is-a-bot' };
  }
  if (state.isAnyDeleted) {
    await transaction.finish({ status: 'retrying', errorCode: null, delayMs: 0, stored: false });
    return { settled: false, reason: 'member-deleted' };
  }
  const language = results.ignored ? null : results.language;
  const observations = observationsOf(claim, outcomes, members, strategy);
  const replaced = results.ignored ? undefined : replacedStages(outcomes);
  // Of the first revision there is nothing to replace.
  const before = claim.storedRevision === 0 ? noGroups : await transaction.supersede(replaced);
  await transaction.writeOutcomes(outcomes, { strategy, membersDigest, ...spanOf(members, claim) });
  await transaction.appendObservations(observations);
  const changes = await refold(transaction, groupsOf(before, observations));
  if (state.runIsActive) {
    const events = [
      ...stageCompletedEvents(claim, outcomes, strategy),
      ...memoryChangedEvent(claim, changes),
      ...(isTerminal(results.finish) ? [windowEnrichedEvent(claim, outcomes, language)] : []),
    ];
    await transaction.appendEvents(events, changedFactIds(changes));
    await writeProfile(transaction, claim);
  }
  await transaction.finish({ ...results.finish, language });
  return { settled: true, changes: changes.length };
}

/** Takes back what a superseded window contributed, and says so if it was ever announced. */
export async function retractWindow(transaction: SettleTransaction, claim: ClaimedWindow): Promise<Settled> {
  const state: ClaimState = await transaction.verifyClaim([]);
  if (!state.held) return { settled: false, reason: 'lease-lost' };
  if (state.windowStatus !== 'superseded') {
    // It has come back to life: extracted by the ordinary way, once it is closed.
    await transaction.finish({ status: 'retrying', errorCode: null, delayMs: 0, stored: false });
    return { settled: false, reason: 'superseded' };
  }
  const touched = await transaction.supersede(undefined);
  const changes = await refold(transaction, touched);
  if (state.runIsActive) {
    const events = [
      ...memoryChangedEvent({ ...claim, revision: claim.storedRevision }, changes),
      windowSupersededEvent(claim),
    ];
    await transaction.appendEvents(events, changedFactIds(changes));
    await writeProfile(transaction, claim);
  }
  await transaction.finish({ status: 'done', errorCode: null, delayMs: 0, stored: false });
  return { settled: true, changes: changes.length };
}

const noGroups: TouchedGroups = { facts: new Set(), preferences: new Set() };

/** A stage that failed leaves its earlier result in place; one that was skipped has nothing to say any more. */
function replacedStages(outcomes: readonly StageOutcome[]): string[] {
  return outcomes.filter((outcome) => outcome.status !== 'failed').map((outcome) => outcome.stage);
}

function isTerminal(finish: SettleFinish): boolean {
  return finish.provisional === true || (finish.status !== 'retrying' && finish.status !== 'deferred');
}

function groupsOf(before: TouchedGroups, observations: LiveMemory): TouchedGroups {
  return {
    facts: new Set([...before.facts, ...observations.facts.map(({ fact }) => factGroupKey(fact))]),
    preferences: new Set([
      ...before.preferences,
      ...observations.preferences.map(({ preference }) => preferenceGroupKey(preference)),
    ]),
  };
}
