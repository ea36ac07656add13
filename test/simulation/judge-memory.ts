import { membersDigest } from '../../src/extract/members-digest.ts';
import { observationsOf } from '../../src/extract/observe.ts';
import { noUsage } from '../../src/model/results.ts';
import type { ClaimedWindow } from '../../src/extract/extraction-store.ts';
import { foldFactGroups, factMemory } from '../../src/memory/fold-facts.ts';
import { foldGroup, foldOn } from '../../src/memory/fold-group.ts';
import type { FoldedFact } from '../../src/model/memory.ts';
import type { FactObservation } from '../../src/model/observation.ts';
import { grouped } from './grouped.ts';
import type { WindowRow } from './rows.ts';
import { liveResults, readWindowMembers } from './simulated-extraction-store.ts';
import { differ } from './judge-stored.ts';
import { factsOf } from './simulated-model.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Results are those of the windows as they are, and memory is their fold, however it came about. */
export function judgeMemory({ database }: SimulatedWorld): string[] {
  const windows = database.windows.committed();
  return [
    ...windows.flatMap((window) => judgeResults(database, window)),
    ...judgeFacts(database, windows),
    ...judgeFolds(database),
  ];
}

/** One live result of each live window and stage, of its members as they are; none of a superseded one. */
function judgeResults(database: SimulatedDatabase, window: WindowRow): string[] {
  const live = liveResults(database, window.windowId);
  if (window.status === 'superseded')
    return live.length === 0 ? [] : ['a superseded window has a live result'];
  const [result, ...others] = live;
  if (result === undefined || others.length > 0) return ['a window has not one live result'];
  const members = readWindowMembers(database, window.windowId);
  return result.membersDigest === membersDigest(members) ? [] : ['a result is of members as they were'];
}

/** As a fresh run over the messages that are there would find them. */
function judgeFacts(database: SimulatedDatabase, windows: readonly WindowRow[]): string[] {
  const observed = windows
    .filter(({ status }) => status !== 'superseded')
    .flatMap((window) => observedAfresh(database, window));
  const stored = database.facts.committed().map(({ fact }) => printed(fact));
  const found = differ('facts', stored, foldFactGroups(observed).map(printed));
  for (const { keyId } of database.keys.committed()) {
    const current = database.facts
      .committed()
      .filter((row) => row.keyId === keyId && row.fact.status === 'current')
      .map(({ fact }) => fact.factId);
    found.push(...differ('facts of a profile', [...(database.profiles.find(keyId)?.factIds ?? [])], current));
  }
  return found;
}

function observedAfresh(database: SimulatedDatabase, window: WindowRow): readonly FactObservation[] {
  const members = readWindowMembers(database, window.windowId);
  const lines = members
    .filter(({ deleted }) => !deleted)
    .map((message, index) => ({ number: index, message }));
  const key = database.keys.find(window.keyId);
  const claim: ClaimedWindow = {
    ...window,
    botId: key?.botId ?? '',
    userId: key?.userId ?? '',
    closeReason: 'gap',
    windowStatus: 'closed',
    revision: 1,
    storedRevision: 0,
    supersededBy: [],
    leaseEpoch: 1,
    attempts: 1,
    timeouts: 0,
    userIsBot: false,
  };
  const outcome = {
    status: 'done',
    stage: 'facts',
    stageVersion: '1',
    method: 'model',
    model: 'any',
    usage: noUsage,
    result: factsOf({ lines }),
    rejected: {},
  } as const;
  return observationsOf(claim, [outcome], members, 'default').facts;
}

/** The fold knows no order of windows, and goes on from a checkpoint as it would from the beginning. */
function judgeFolds(database: SimulatedDatabase): string[] {
  const live = database.observations.committed().filter(({ isSuperseded }) => !isSuperseded);
  return [...grouped(live, ({ keyId, groupKey }) => `${keyId} ${groupKey}`).values()].flatMap((rows) => {
    const observations = rows.map(({ observation }) => observation as FactObservation);
    const [first] = observations;
    if (first === undefined || observations.length === 1) return [];
    const whole = foldGroup(factMemory, observations).folded.map(printed);
    const backwards = foldGroup(factMemory, observations.toReversed()).folded.map(printed);
    const found = whole.join() === backwards.join() ? [] : ['the fold depends on the order of windows'];
    const { checkpoint } = foldGroup(factMemory, observations, () => first.occurredAtMs);
    const tail = observations.filter((one) => one.occurredAtMs > first.occurredAtMs);
    const on = checkpoint === null ? null : foldOn(factMemory, checkpoint, tail);
    if (on?.folded.map(printed).join() !== whole.join()) found.push('the fold differs from a checkpoint on');
    return found;
  });
}

/** Names sorted: a state that was printed has them in another order. */
function printed(fact: FoldedFact): string {
  return JSON.stringify(fact, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
