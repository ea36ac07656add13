import { canonicalJson } from './canonical-json.ts';
import { limited, type OracleInput, type Violation } from './oracle.ts';
import { atOneMoment, readSnapshot } from './read-snapshot.ts';
import { personOf } from './result-events.ts';
import { liveWindows } from './rules/windows-cut.ts';
import type { Snapshot } from './snapshot.ts';

/** Where the same log is read once more, from its start, into nothing. */
export interface FreshPlace {
  /** An empty database, migrated or not. */
  readonly databaseUrl: string;
  readonly resultsTopic: string;
  readonly groupId: string;
}

/** Runs the product over the same messages topic until it rests there, with the same model, and stops it. */
export type RunFresh = (databaseUrl: string, resultsTopic: string, groupId: string) => Promise<void>;

/**
 * P7: what a line came to, whatever happened on its way, is what a line comes to that reads the
 * same log undisturbed: windows with their ids, current results, and memory as it is folded,
 * its history included. The product is run by the caller, so that this stays apart from it.
 */
export async function judgeAgainstFreshRun(
  input: Pick<OracleInput, 'databaseUrl'>,
  fresh: FreshPlace,
  runFresh: RunFresh,
): Promise<readonly Violation[]> {
  await runFresh(fresh.databaseUrl, fresh.resultsTopic, fresh.groupId);
  const [own, other] = await Promise.all(
    [input.databaseUrl, fresh.databaseUrl].map((url) => atOneMoment(url, readSnapshot)),
  );
  if (own === undefined || other === undefined) throw new Error('a database was not read');
  return limited('fresh-run', differencesFrom(own, other));
}

/** What differs, by kind and name; times of storage and ids of rows are no part of it. */
export function differencesFrom(own: Snapshot, fresh: Snapshot): string[] {
  const theirs = contentOf(fresh);
  const ours = contentOf(own);
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((name) => {
    if (!ours.has(name)) return [`${name}: only the fresh run has it`];
    if (!theirs.has(name)) return [`${name}: the fresh run does not have it`];
    return ours.get(name) === theirs.get(name) ? [] : [`${name}: the fresh run has it otherwise`];
  });
}

function contentOf(snapshot: Snapshot): ReadonlyMap<string, string> {
  const live = liveWindows({ snapshot });
  const isLive = new Set(live.map(({ windowId }) => windowId));
  return new Map([
    ...live.map(
      ({ windowId, botId, userId, startedAtMs, endedAtMs, messageCount, status }) =>
        [
          `window ${windowId}`,
          canonicalJson([botId, userId, startedAtMs, endedAtMs, messageCount, status]),
        ] as const,
    ),
    ...snapshot.stages
      .filter((row) => row.isLive && isLive.has(row.windowId))
      .map(
        ({ windowId, stage, status, result, reason }) =>
          [`${stage} of window ${windowId}`, canonicalJson([status, rounded(result), reason])] as const,
      ),
    ...snapshot.facts.map(
      ({ botId, userId, id, status, fact }) =>
        [`fact ${id} of ${personOf(botId, userId)}`, canonicalJson([status, rounded(fact)])] as const,
    ),
    ...snapshot.preferences.map(
      ({ botId, userId, id, status, preference }) =>
        [
          `preference ${id} of ${personOf(botId, userId)}`,
          canonicalJson([status, rounded(preference)]),
        ] as const,
    ),
  ]);
}

/** Sums of fractions in another order may end in another last digit. */
function rounded(value: unknown): unknown {
  const parse = (_name: string, part: unknown): unknown =>
    typeof part === 'number' && !Number.isInteger(part) ? Number(part.toFixed(9)) : part;
  return value === null ? null : (JSON.parse(JSON.stringify(value), parse) as unknown);
}
