import type pg from 'pg';
import type {
  ClaimedWindow,
  ClaimState,
  CurrentResult,
  ExtractionStore,
  OutcomeOrigin,
  SettleTransaction,
  TouchedGroups,
} from '../../extract/extraction-store.ts';
import type { StageOutcome } from '../../extract/stage.ts';
import type { RelationLifetimes } from '../../memory/relation-rules.ts';
import { reviseWindowsOfBots } from './bot-rows.ts';
import { translating } from './database-errors.ts';
import {
  claimWindows,
  finishClaim,
  readWindowMembers,
  releaseWaiting,
  renewClaims,
} from './extraction-queue.ts';
import { lockKeysById, type LockedKeyRow } from './lock-keys.ts';
import { insertObservations } from './memory-rows.ts';
import { memoryTransaction } from './memory-transaction.ts';
import { inTransaction } from './transaction.ts';
import { prepared } from './prepared.ts';

/** `lifetimes`, by relation in ms, become part of each profile that is written. */
export function createPostgresExtractionStore(
  pool: pg.Pool,
  lifetimes: Partial<RelationLifetimes> = {},
): ExtractionStore {
  return {
    claim: (owner, limit, leaseMs) => translating(() => claimWindows(pool, owner, limit, leaseMs)),
    renew: (claims, owner, leaseMs) => translating(() => renewClaims(pool, claims, owner, leaseMs)),
    members: (claim) => translating(() => readWindowMembers(pool, claim.windowId)),
    releaseWaiting: () => translating(() => releaseWaiting(pool)),
    currentResults: (claim) => translating(() => readCurrentResults(pool, claim.windowId)),
    settle: (claim, owner, work) =>
      translating(() =>
        inTransaction(pool, (client) => work(settleTransaction(client, claim, owner, lifetimes))),
      ),
    reviseWindowsOfBots: () => translating(() => reviseWindowsOfBots(pool)),
    giveBack: (claim, owner, finish) => translating(() => finishClaim(pool, claim, owner, finish)),
  };
}

function settleTransaction(
  client: pg.PoolClient,
  claim: ClaimedWindow,
  owner: string,
  lifetimes: Partial<RelationLifetimes>,
): SettleTransaction {
  const locked: LockedKeyRow[] = [];
  return {
    ...memoryTransaction(client, claim, locked, lifetimes),
    verifyClaim: async (memberIdentities) => {
      locked.push(...(await lockKeysById(client, [claim.keyId])));
      return verifyClaim(client, claim, owner, { locked, memberIdentities });
    },
    supersede: (stages) => supersedeResults(client, claim.windowId, stages),
    writeOutcomes: (outcomes, origin) => writeOutcomes(client, claim, outcomes, origin),
    appendObservations: (observations) => insertObservations(client, claim, observations),
    finish: (finish) => finishClaim(client, claim, owner, finish),
  };
}

/**
 * A statement after the key's lock, so that it sees what others committed before. The lease
 * row is locked, so that nobody claims the window while its results are being written.
 */
async function verifyClaim(
  client: pg.ClientBase,
  claim: ClaimedWindow,
  owner: string,
  held: { readonly locked: readonly LockedKeyRow[]; readonly memberIdentities: readonly string[] },
): Promise<ClaimState> {
  const { rows } = await client.query<{
    status: 'open' | 'closed' | 'superseded' | 'erased';
    is_any_deleted: boolean;
    user_is_bot: boolean;
  }>(
    prepared(
      `select w.status,
         exists (select from afterword.messages where identity = any($4::uuid[]) and deleted) as is_any_deleted,
         exists (select from afterword.bots where bot_id = $5) as user_is_bot
       from afterword.extractions e join afterword.windows w using (window_id)
       where e.window_id = $1 and e.lease_epoch = $2 and e.lease_owner = $3 and e.status = 'running'
       for update of e`,
      [claim.windowId, claim.leaseEpoch, owner, held.memberIdentities, claim.userId],
    ),
  );
  const row = rows[0];
  if (row === undefined) return { held: false };
  return {
    held: true,
    windowStatus: row.status,
    isAnyDeleted: row.is_any_deleted,
    userIsBot: row.user_is_bot,
    runIsActive: held.locked[0]?.runId === claim.runId,
  };
}

/** Marks results and observations as no longer counting; returns the groups that the latter were in. */
async function supersedeResults(
  client: pg.ClientBase,
  windowId: string,
  stages: readonly string[] | undefined,
): Promise<TouchedGroups> {
  const { rows } = await client.query<{ kind: 'fact' | 'preference'; group_key: string }>(
    prepared(
      `with results as (
         update afterword.stage_tasks set superseded_at = clock_timestamp()
         where window_id = $1 and superseded_at is null and ($2::text[] is null or stage = any($2::text[])))
       update afterword.observations set superseded_at = clock_timestamp()
       where window_id = $1 and superseded_at is null and ($2::text[] is null or stage = any($2::text[]))
       returning kind, group_key`,
      [windowId, stages ?? null],
    ),
  );
  const groups = (kind: string): Set<string> =>
    new Set(rows.filter((row) => row.kind === kind).map((row) => row.group_key));
  return { facts: groups('fact'), preferences: groups('preference') };
}

async function writeOutcomes(
  client: pg.ClientBase,
  claim: ClaimedWindow,
  outcomes: readonly StageOutcome[],
  origin: OutcomeOrigin,
): Promise<void> {
  const done = outcomes.map((outcome) => (outcome.status === 'done' ? outcome : undefined));
  await client.query(
    prepared(
      `insert into afterword.stage_tasks (window_id, revision, run_id, key_id, strategy, members_digest,
       message_count, members_from_ms, members_to_ms, stage, stage_version, status, method, model, usage, result, rejected, reason, error_code)
     select $1, $2, $3, $4, $5, decode($6, 'hex'), $7, $18, $19, t.stage, t.stage_version, t.status, t.method, t.model,
       t.usage::jsonb, t.result::jsonb, t.rejected::jsonb, t.reason, t.error_code
     from unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
       $15::text[], $16::text[], $17::text[])
       as t (stage, stage_version, status, method, model, usage, result, rejected, reason, error_code)`,
      [
        claim.windowId,
        claim.revision,
        claim.runId,
        claim.keyId,
        origin.strategy,
        origin.membersDigest,
        claim.messageCount,
        outcomes.map((outcome) => outcome.stage),
        outcomes.map((outcome) => outcome.stageVersion),
        outcomes.map((outcome) => outcome.status),
        done.map((outcome) => outcome?.method ?? null),
        done.map((outcome) => outcome?.model ?? null),
        outcomes.map((outcome) => JSON.stringify('usage' in outcome ? outcome.usage : {})),
        done.map((outcome) => (outcome === undefined ? null : JSON.stringify(outcome.result))),
        done.map((outcome) => JSON.stringify(outcome?.rejected ?? {})),
        outcomes.map((outcome) => (outcome.status === 'skipped' ? outcome.reason : null)),
        outcomes.map((outcome) => (outcome.status === 'failed' ? outcome.errorCode : null)),
        origin.membersFromMs,
        origin.membersToMs,
      ],
    ),
  );
}

/** By the primary key: a window has few revisions. */
async function readCurrentResults(pool: pg.Pool, windowId: string): Promise<CurrentResult[]> {
  const { rows } = await pool.query<{
    stage: string;
    stage_version: string;
    strategy: string;
    digest: string;
    status: CurrentResult['status'];
    method: CurrentResult['method'];
    reason: string | null;
  }>(
    prepared(
      `select distinct on (stage) stage, stage_version, strategy, encode(members_digest, 'hex') as digest, status,
       method, reason
     from afterword.stage_tasks where window_id = $1 and superseded_at is null
     order by stage, revision desc`,
      [windowId],
    ),
  );
  return rows.map((row) => ({
    stage: row.stage,
    stageVersion: row.stage_version,
    strategy: row.strategy,
    membersDigest: row.digest,
    status: row.status,
    method: row.method,
    reason: row.reason,
  }));
}
