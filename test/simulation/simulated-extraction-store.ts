import type {
  ClaimedWindow,
  ClaimState,
  ExtractionStore,
  SettleFinish,
  SettleTransaction,
} from '../../src/extract/extraction-store.ts';
import { factGroupKey } from '../../src/memory/group-keys.ts';
import { compareMessages, type StoredMessage } from '../../src/model/message.ts';
import { AfterwordError } from '../../src/errors.ts';
import type { Lane } from './lane.ts';
import type { ResultRow, WorkRow } from './rows.ts';
import { lockKeysById } from './simulated-keys.ts';
import { groupsOf, memoryTransaction } from './simulated-memory.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import { isWaiting } from './simulated-work.ts';
import type { Transaction } from './transactions.ts';

const hourMs = 3_600_000;

/** The port of loop 2; each method does what its statement in SQL does. */
export function simulatedExtractionStore(database: SimulatedDatabase, lane: Lane): ExtractionStore {
  return {
    claim: async (owner, limit, leaseMs) => {
      const claimed = await database.statement(lane, 'claim', (transaction) =>
        claimWork(database, transaction, { owner, limit, leaseMs }),
      );
      if (claimed.length === 0) return [];
      return database.statement(lane, 'read claimed', () =>
        claimed.flatMap((work) => toClaim(database, work)).sort((a, b) => a.startedAtMs - b.startedAtMs),
      );
    },
    renew: (claims, owner, leaseMs) =>
      database.statement(lane, 'renew', (transaction) => {
        const held = claims.filter((claim) => isStanding(database.work.find(claim.windowId), claim, owner));
        for (const { windowId } of held) {
          const work = database.work.find(windowId);
          if (work === undefined || !transaction.isFree(database.work.lockOf(windowId))) continue;
          const leaseExpiresMs = database.nowMs() + leaseMs;
          database.work.put(transaction, windowId, { ...work, leaseExpiresMs });
        }
        return new Set(held.map(({ windowId }) => windowId));
      }),
    members: (claim) =>
      database.statement(lane, 'members', () => readWindowMembers(database, claim.windowId)),
    releaseWaiting: () => Promise.resolve(0),
    reviseWindowsOfBots: () => Promise.resolve({ bots: 0, windows: 0 }),
    currentResults: ({ windowId }) =>
      database.statement(lane, 'current results', () =>
        liveResults(database, windowId).map(({ outcome, strategy, membersDigest }) => ({
          stage: outcome.stage,
          stageVersion: outcome.stageVersion,
          strategy,
          membersDigest,
          status: outcome.status,
          method: outcome.status === 'done' ? outcome.method : null,
          reason: outcome.status === 'skipped' ? outcome.reason : null,
        })),
      ),
    settle: (claim, owner, work) =>
      database.inTransaction(lane, (transaction) =>
        work(settleTransaction(database, transaction, claim, owner)),
      ),
    giveBack: (claim, owner, finish) =>
      database.statement(lane, 'give back', (transaction) =>
        finishClaim(database, transaction, { claim, owner, finish }),
      ),
  };
}

/** The members of a window as it is now, in their one order. */
export function readWindowMembers(database: SimulatedDatabase, windowId: string): StoredMessage[] {
  const window = database.windows.find(windowId);
  if (window === undefined) return [];
  return database.messages
    .committed()
    .filter((row) => row.keyId === window.keyId)
    .filter((row) => row.sentAtMs >= window.startedAtMs && row.sentAtMs <= window.endedAtMs)
    .filter((row) => window.sessionKey === window.keyId || row.channelId === window.channelId)
    .sort(compareMessages);
}

/** The newest that nothing has replaced, of each stage. */
export function liveResults(database: SimulatedDatabase, windowId: string): ResultRow[] {
  return database.results.committed().filter((row) => row.windowId === windowId && !row.isSuperseded);
}

interface ClaimRequest {
  readonly owner: string;
  readonly limit: number;
  readonly leaseMs: number;
}

/** What workers that died have left is due again; then claims what is due. Both skip locked rows. */
function claimWork(
  database: SimulatedDatabase,
  transaction: Transaction,
  { owner, limit, leaseMs }: ClaimRequest,
): WorkRow[] {
  const nowMs = database.nowMs();
  const isFree = ({ windowId }: WorkRow): boolean => transaction.isFree(database.work.lockOf(windowId));
  for (const work of database.work.committed()) {
    if (work.status !== 'running' || work.leaseExpiresMs >= nowMs || !isFree(work)) continue;
    if (database.isAlive(work.leaseOwner ?? '')) {
      transaction.lane.note('lease of a window expired under a slow owner');
    }
    const free = {
      ...work,
      status: 'pending',
      leaseOwner: null,
      leaseExpiresMs: 0,
      notBeforeMs: nowMs,
    } as const;
    database.work.put(transaction, work.windowId, free);
  }
  const due = database.work
    .all(transaction)
    .filter((work) => isWaiting(work) && work.notBeforeMs <= nowMs && isFree(work))
    .filter(({ windowId }) => database.windows.find(windowId)?.status !== 'open')
    .sort((a, b) => a.notBeforeMs - b.notBeforeMs)
    .slice(0, limit);
  return due.map((work) => {
    const claimed: WorkRow = {
      ...work,
      status: 'running',
      changed: false,
      errorCode: null,
      leaseOwner: owner,
      leaseEpoch: work.leaseEpoch + 1,
      leaseExpiresMs: nowMs + leaseMs,
      attempts: work.attempts + 1,
      timeouts: work.attempts === 0 ? 0 : work.timeouts,
    };
    database.work.put(transaction, work.windowId, claimed);
    return claimed;
  });
}

function toClaim(database: SimulatedDatabase, work: WorkRow): ClaimedWindow[] {
  const window = database.windows.find(work.windowId);
  const key = database.keys.find(work.keyId);
  if (window === undefined || key === undefined) return [];
  const { botId, userId } = key;
  const { windowId, runId, keyId, channelId, channelType, startedAtMs, endedAtMs, messageCount } = window;
  return [
    {
      windowId,
      runId,
      keyId,
      botId,
      userId,
      channelId,
      channelType,
      startedAtMs,
      endedAtMs,
      messageCount,
      closeReason: window.closeReason ?? 'gap',
      revision: window.revision + 1,
      windowStatus: window.status === 'superseded' ? 'superseded' : 'closed',
      supersededBy: window.supersededBy ?? [],
      storedRevision: window.revision,
      leaseEpoch: work.leaseEpoch,
      attempts: work.attempts,
      timeouts: work.timeouts,
      userIsBot: false,
    },
  ];
}

function isStanding(work: WorkRow | undefined, { leaseEpoch }: ClaimedWindow, owner: string): boolean {
  return work?.leaseEpoch === leaseEpoch && work.leaseOwner === owner && work.status === 'running';
}

function settleTransaction(
  database: SimulatedDatabase,
  transaction: Transaction,
  claim: ClaimedWindow,
  owner: string,
): SettleTransaction {
  const { lane } = transaction;
  const { windowId, revision, keyId, runId } = claim;
  return {
    ...memoryTransaction(database, transaction, claim),
    verifyClaim: async (memberIdentities) => {
      await lane.call('verify claim');
      await lockKeysById(database, transaction, [keyId]);
      await lane.call('look at the claim');
      return verifyClaim(database, transaction, { claim, owner, memberIdentities });
    },
    supersede: async (stages) => {
      await lane.call('supersede');
      const counts = (stage: string): boolean => stages?.includes(stage) ?? true;
      for (const row of database.results.all(transaction)) {
        if (row.windowId !== windowId || row.isSuperseded || !counts(row.outcome.stage)) continue;
        await database.results.write(transaction, resultId(row), () => ({ ...row, isSuperseded: true }));
      }
      const keeps = database.breach === 'keeps observations that were replaced';
      const gone = database.observations
        .all(transaction)
        .filter((row) => row.windowId === windowId && !row.isSuperseded && counts(row.stage) && !keeps);
      for (const row of gone) {
        const id = row.observation.observationId;
        await database.observations.write(transaction, id, () => ({ ...row, isSuperseded: true }));
      }
      return groupsOf(gone);
    },
    writeOutcomes: async (outcomes, { strategy, membersDigest, membersFromMs, membersToMs }) => {
      await lane.call('write outcomes');
      for (const outcome of outcomes) {
        const row: ResultRow = {
          windowId,
          revision,
          keyId,
          runId,
          strategy,
          membersDigest,
          outcome,
          isSuperseded: false,
          fromMs: membersFromMs,
          toMs: membersToMs,
          result: outcome.status === 'done' ? outcome.result : null,
        };
        await database.results.write(transaction, resultId(row), (known) => {
          if (known === undefined) return row;
          database.violated('two results of one stage and revision');
          throw new AfterwordError('DATABASE_REFUSED', 'a second result of a revision');
        });
      }
    },
    appendObservations: async ({ facts }) => {
      await lane.call('append observations');
      for (const observation of facts) {
        await database.observations.write(transaction, observation.observationId, () => ({
          keyId,
          kind: 'fact',
          groupKey: factGroupKey(observation.fact),
          windowId,
          stage: 'facts',
          observation,
          isSuperseded: false,
        }));
      }
    },
    finish: async (finish) => {
      await lane.call('finish');
      await finishClaim(database, transaction, { claim, owner, finish });
    },
  };
}

export function resultId({ windowId, revision, outcome }: ResultRow): string {
  return `${windowId} ${revision} ${outcome.stage}`;
}

interface HeldClaim {
  readonly claim: ClaimedWindow;
  readonly owner: string;
  readonly memberIdentities: readonly string[];
}

async function verifyClaim(
  database: SimulatedDatabase,
  transaction: Transaction,
  { claim, owner, memberIdentities }: HeldClaim,
): Promise<ClaimState> {
  const { lane } = transaction;
  if (database.breach !== 'skips the lease check') {
    await transaction.lock(database.work.lockOf(claim.windowId));
    if (!isStanding(database.work.get(transaction, claim.windowId), claim, owner)) {
      lane.note('answer under a lost lease refused');
      return { held: false };
    }
  }
  const windowStatus = database.windows.get(transaction, claim.windowId)?.status ?? 'superseded';
  const isAnyDeleted = memberIdentities.some(
    (id) => database.messages.get(transaction, id)?.deleted === true,
  );
  if (isAnyDeleted) lane.note('member deleted while the model thought');
  if (windowStatus === 'superseded' && claim.windowStatus !== 'superseded') {
    lane.note('window superseded while it was extracted');
  }
  if (claim.windowStatus === 'superseded' && windowStatus === 'superseded')
    lane.note('superseded window taken back');
  return { held: true, windowStatus, isAnyDeleted, runIsActive: true, userIsBot: false };
}

interface Finishing {
  readonly claim: ClaimedWindow;
  readonly owner: string;
  readonly finish: SettleFinish;
}

/** Ends a claim that still stands. Members that changed meanwhile put the work back. */
async function finishClaim(
  database: SimulatedDatabase,
  transaction: Transaction,
  { claim, owner, finish }: Finishing,
): Promise<void> {
  const { windowId, revision } = claim;
  const nowMs = database.nowMs();
  await transaction.lock(database.work.lockOf(windowId));
  const work = database.work.get(transaction, windowId);
  const isOurs = isStanding(work, claim, owner) || database.breach === 'skips the lease check';
  if (work === undefined || !isOurs) return;
  const changed = work.changed && database.breach !== 'forgets what changed meanwhile';
  const isTerminal = ['done', 'skipped', 'failed'].includes(finish.status);
  const isNewHour = work.hourStartedMs <= nowMs - hourMs;
  database.work.put(transaction, windowId, {
    ...work,
    status: changed ? 'pending' : finish.status,
    attempts: changed || isTerminal ? 0 : work.attempts,
    notBeforeMs: changed ? work.notBeforeMs : nowMs + finish.delayMs,
    changed: false,
    errorCode: finish.errorCode,
    leaseOwner: null,
    leaseExpiresMs: 0,
    revision: finish.stored ? revision : work.revision,
    hourStartedMs: finish.stored && isNewHour ? nowMs : work.hourStartedMs,
    revisionsInHour: !finish.stored ? work.revisionsInHour : isNewHour ? 1 : work.revisionsInHour + 1,
  });
  if (!finish.stored) return;
  await database.windows.write(transaction, windowId, (row) => row && { ...row, revision });
}
