import type pg from 'pg';
import { resultSchemasByStage } from '../../model/stage-events.ts';
import type { MemoryOwner } from './memory-rows.ts';

/** A current result of a stage that a module added. Times are epoch milliseconds of event time. */
export interface OwnResult {
  readonly stage: string;
  readonly stageVersion: string;
  readonly windowId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly result: unknown;
}

/** Of each stage; older ones stay in their table. */
const newestResults = 10;

interface OwnResultRow {
  stage: string;
  stage_version: string;
  window_id: string;
  started_at_ms: string;
  ended_at_ms: string;
  result: unknown;
}

/** By stage, the newest first, bounded; of live windows, through the index of current results. */
export async function readOwnResults(
  client: Pick<pg.ClientBase, 'query'>,
  owner: MemoryOwner,
): Promise<readonly OwnResult[]> {
  const { rows } = await client.query<OwnResultRow>(
    `select stage, stage_version, window_id, started_at_ms, ended_at_ms, result from (
       select t.stage, t.stage_version, t.window_id, w.started_at_ms, w.ended_at_ms, t.result,
         row_number() over (partition by t.stage order by w.started_at_ms desc, t.window_id) as place
       from afterword.stage_tasks t
       join afterword.windows w on w.window_id = t.window_id and w.status in ('open', 'closed')
       where t.key_id = $1 and t.run_id = $2 and t.stage <> all($3::text[])
         and t.status = 'done' and t.superseded_at is null) newest
     where place <= $4 order by stage, place`,
    [owner.keyId, owner.runId, Object.keys(resultSchemasByStage), newestResults],
  );
  return rows.map((row) => ({
    stage: row.stage,
    stageVersion: row.stage_version,
    windowId: row.window_id,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: Number(row.ended_at_ms),
    result: row.result,
  }));
}
