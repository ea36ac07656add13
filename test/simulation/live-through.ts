import type { Schedule } from './arbitrary-schedule.ts';
import type { Breach } from './breaches.ts';
import { smooth } from './lane.ts';
import { judgeMemory } from './judge-memory.ts';
import { judgeStored } from './judge-stored.ts';
import { judgeTold } from './judge-told.ts';
import type { RareCounts } from './rare-states.ts';
import { partitions } from './simulated-log.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { SimulatedWorld, stillness } from './simulated-world.ts';

export interface Lived {
  /** What was found that must never be; empty: all is well. */
  readonly violations: readonly string[];
  readonly rare: RareCounts;
  /** Every call of every port, in order. */
  readonly trace: readonly string[];
}

/** Lives through a schedule, lets the faults end, and judges what is there when all is at rest. */
export async function liveThrough(schedule: Schedule, breach?: Breach): Promise<Lived> {
  const world = new SimulatedWorld(schedule, breach);
  await world.begin();
  for (const step of schedule.steps) await world.take(step);
  const isAtRest = await comeToRest(world);
  const { database, rare, crossing } = world;
  if (!isAtRest) database.violated('the work does not come to rest');
  const violations = isAtRest
    ? [...database.violations, ...judgeStored(world), ...judgeMemory(world), ...judgeTold(world)]
    : database.violations;
  if (database.locks.circles > 0) violations.push('transactions waited for each other in a circle');
  return { violations: [...new Set(violations)], rare, trace: crossing.trace };
}

/** So many rounds of an hour and more: graces double to an hour at most. */
const mostRounds = 40;

/** Faults end, all is sent, one process takes everything over; true: nothing waits any more. */
async function comeToRest(world: SimulatedWorld): Promise<boolean> {
  world.sendAll();
  world.crossing.trace.push('# rest');
  await world.resumeAll();
  const process = world.process(0);
  world.shareOut([0, 0]);
  for (const { member } of world.processes) member.notice();
  for (let round = 0; round < mostRounds; round += 1) {
    await work(process);
    await world.resumeAll();
    if (isAtRest(world)) return true;
    world.clock.pass(4_000_000);
  }
  return false;
}

async function work(process: SimulatedProcess): Promise<void> {
  const steps = [
    ...partitions.map((partition) => () => process.poll(partition, 1_000, smooth)),
    () => process.commitOffsets(smooth),
    () => process.noteProgress(smooth),
    ...[0, 1].map(() => () => process.close(smooth)),
    ...[0, 1, 2].map(() => () => process.claim(smooth)),
    ...[0, 1].map(() => () => process.relay('results', smooth)),
    () => process.relay('dead-letter', smooth),
  ];
  for (const step of steps) {
    void step();
    await stillness();
  }
}

function isAtRest({ database, log }: SimulatedWorld): boolean {
  const isEnded = ({ status }: { readonly status: string }): boolean =>
    status === 'done' || status === 'skipped' || status === 'failed';
  const isRead = (partition: number): boolean => {
    const stored = database.progress.find(String(partition))?.nextOffset ?? 0n;
    return stored === log.end(partition) && stored === (log.committed.get(partition) ?? 0n);
  };
  return (
    partitions.every((partition) => isRead(partition)) &&
    database.windows.committed().every(({ status }) => status !== 'open') &&
    database.work.committed().every(isEnded) &&
    database.events.committed().every(({ isSent }) => isSent) &&
    database.deadLetters.committed().every(({ isSent }) => isSent)
  );
}
