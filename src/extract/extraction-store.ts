import type { FoldCheckpoint } from '../memory/fold-checkpoint.ts';
import type { RelationLifetimes } from '../memory/relation-rules.ts';
import type { MemoryState } from '../model/memory.ts';
import type { StoredMessage } from '../model/message.ts';
import type { FactObservation, PreferenceObservation } from '../model/observation.ts';
import type { ProfileDocument } from '../model/profile.ts';
import type { ResultEventType } from '../model/result-event.ts';
import type { Method, SummaryResult } from '../model/results.ts';
import type { ClosedWindowView } from '../model/window-view.ts';
import type { StageOutcome } from './stage.ts';

/** A window whose work this process has claimed. `revision` is the one being made. */
export interface ClaimedWindow extends ClosedWindowView {
  /** `superseded`: its contribution is to be taken back. */
  readonly windowStatus: 'closed' | 'superseded';
  /** The windows that took its members over. */
  readonly supersededBy: readonly string[];
  /** The newest revision whose results are stored; 0: none. */
  readonly storedRevision: number;
  /** Rises with every claim; an answer under an older one is refused. */
  readonly leaseEpoch: number;
  /** Claims so far for this revision, this one included. */
  readonly attempts: number;
  /** How many of these timed out at the model while it answered others. */
  readonly timeouts: number;
  /** Its user is a bot that we know. */
  readonly userIsBot: boolean;
}

export interface LiveMemory {
  readonly facts: readonly FactObservation[];
  readonly preferences: readonly PreferenceObservation[];
}

/** Groups whose current memory may have to change. */
export interface TouchedGroups {
  readonly facts: ReadonlySet<string>;
  readonly preferences: ReadonlySet<string>;
}

/** Some groups: from where and what they are folded, and the memory that stands. */
export interface TouchedMemory {
  /** Of the groups that have one. */
  readonly checkpoints: GroupCheckpoints;
  /** The observations that count, of each group after its checkpoint. */
  readonly live: LiveMemory;
  readonly folded: MemoryState;
}

export interface GroupCheckpoints {
  readonly facts: readonly FoldCheckpoint[];
  readonly preferences: readonly FoldCheckpoint[];
}

export interface ResultEventDraft {
  readonly type: ResultEventType;
  /** Everything of the contract but sequence, bot_id and user_id. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StoredSummary {
  readonly windowId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly summary: SummaryResult;
}

/** How a stage ended in the newest revision that it took part in, if nothing has replaced it. */
export interface CurrentResult {
  readonly stage: string;
  readonly stageVersion: string;
  readonly strategy: string;
  readonly membersDigest: string;
  readonly status: 'done' | 'skipped' | 'failed';
  readonly method: Method | null;
  /** Why it was skipped. */
  readonly reason: string | null;
}

export interface StoredProfileParts extends MemoryState {
  readonly summaries: readonly StoredSummary[];
  /** How long facts hold, where configured other than by default. */
  readonly lifetimes: Partial<RelationLifetimes>;
}

/** What stands between the answer and the end of a window's work. */
export interface SettleFinish {
  readonly status: 'done' | 'skipped' | 'failed' | 'retrying' | 'deferred';
  readonly errorCode: string | null;
  /** With retrying and deferred: when to try again, from now. */
  readonly delayMs: number;
  /** Whether results of this revision were stored. */
  readonly stored: boolean;
  /** With `stored`: what the window's user wrote in, a BCP-47 tag or `und`; null: nothing is said of them. */
  readonly language?: string | null;
  /** What was stored was made without the model, which is away: the next revision is the model's. */
  readonly provisional?: boolean;
  /** The window's own call timed out while the model answered others: one more of `timeouts`. */
  readonly timedOut?: boolean;
}

/** How a claim stands when its results are about to be written. */
export type ClaimState =
  | { readonly held: false }
  | {
      readonly held: true;
      /** A member was deleted since its text was read; under the key's lock nobody can delete more. */
      readonly isAnyDeleted: boolean;
      /** `open`: a later message has reopened it; its results still hold for members as they were. */
      readonly windowStatus: 'open' | 'closed' | 'superseded' | 'erased';
      /** Readers see this window's run. */
      readonly runIsActive: boolean;
      /** By now; when it was claimed its user may not have been known for a bot. */
      readonly userIsBot: boolean;
    };

/** What a result was made from, beside its stage. */
export interface OutcomeOrigin {
  readonly strategy: string;
  readonly membersDigest: string;
  /** Event times of the first and the last member, ms: a delete finds results by them. */
  readonly membersFromMs: number;
  readonly membersToMs: number;
}

/**
 * One person's memory within one run, in a transaction that holds the lock of the key:
 * memory, profile and outbox rows commit together.
 */
export interface MemoryTransaction {
  /** What the groups are folded from, and to; observations written in this transaction included. */
  touchedMemory(groups: TouchedGroups): Promise<TouchedMemory>;
  /** All observations of the groups that count, checkpoint or not. */
  liveObservations(groups: TouchedGroups): Promise<LiveMemory>;
  /**
   * Keeps these in place of the groups' present ones. A checkpoint must vanish with any
   * change of the observations that it was made of, also later and by whomsoever.
   */
  keepCheckpoints(checkpoints: GroupCheckpoints): Promise<void>;
  /** Makes memory what it is to be; `before` is what `touchedMemory` told of the same groups. */
  writeMemory(before: MemoryState, after: MemoryState): Promise<void>;
  /** What the profile is made of: current memory and the newest summaries, bounded. */
  profileParts(): Promise<StoredProfileParts>;
  /** After the events of this transaction, so that the profile bears the sequence of the last. */
  writeProfile(profile: ProfileDocument, text: string): Promise<void>;
  /**
   * Events in their order; with `factIds` also the news for the indexer that the window's
   * summary (if there is a window) and these facts are to be brought in line.
   */
  appendEvents(events: readonly ResultEventDraft[], factIds?: readonly string[]): Promise<void>;
}

/**
 * One window's settlement: results, memory and outbox rows commit together (P3). The
 * key is locked first, as by every other writer.
 */
export interface SettleTransaction extends MemoryTransaction {
  /** Locks the key, verifies that the lease is still ours and looks at the members. Must come first. */
  verifyClaim(memberIdentities: readonly string[]): Promise<ClaimState>;
  /** Marks the results and observations of these stages of the window as replaced; all stages when undefined. */
  supersede(stages: readonly string[] | undefined): Promise<TouchedGroups>;
  writeOutcomes(outcomes: readonly StageOutcome[], origin: OutcomeOrigin): Promise<void>;
  appendObservations(observations: LiveMemory): Promise<void>;
  finish(finish: SettleFinish): Promise<void>;
}

/** What became of bots that were new. */
export interface RevisedBots {
  readonly bots: number;
  /** Windows that have one of them as their user and are taken up again. */
  readonly windows: number;
}

/**
 * The work on closed windows. Leases are judged by the database's clock: a dead
 * worker's window is free again when its lease runs out, a slow one keeps its own by
 * `renew`. Rejects with DATABASE_UNAVAILABLE (retryable).
 */
export interface ExtractionStore {
  claim(owner: string, limit: number, leaseMs: number): Promise<readonly ClaimedWindow[]>;
  /** Renews; returns the ids of windows whose claim still stands. */
  renew(claims: readonly ClaimedWindow[], owner: string, leaseMs: number): Promise<ReadonlySet<string>>;
  members(claim: ClaimedWindow): Promise<readonly StoredMessage[]>;
  /** What the window's stages have found so far; without the results themselves. */
  /** The model is back: what waits for it is due now. Returns how many windows. */
  releaseWaiting(): Promise<number>;
  currentResults(claim: ClaimedWindow): Promise<readonly CurrentResult[]>;
  settle<T>(
    claim: ClaimedWindow,
    owner: string,
    work: (transaction: SettleTransaction) => Promise<T>,
  ): Promise<T>;
  /**
   * A user that has become known as a bot since: the windows that said something of it, or are
   * about to, get a further revision at once, which takes it back. Cheap when there is none.
   */
  reviseWindowsOfBots(): Promise<RevisedBots>;
  /** Ends a claim of which nothing is stored: given back, failed before, or nothing new to say. */
  giveBack(claim: ClaimedWindow, owner: string, finish: SettleFinish): Promise<void>;
}
