import { brokerFaults, longBrokerFaults, missingResultsTopic } from './broker-faults.ts';
import { databaseFaults } from './database-faults.ts';
import { sideBySide, type FaultCase } from './fault-case.ts';
import { killPoints, killPointsOf } from './kill-points.ts';
import { processFaults, suspensions } from './process-faults.ts';

/** Every fault of the list, each by itself. */
export const allCases: readonly FaultCase[] = [
  missingResultsTopic,
  ...killPoints,
  ...suspensions,
  ...processFaults,
  ...databaseFaults,
  ...brokerFaults,
];

export const longCases = longBrokerFaults;

/** Every fault too, in less time: those of different roles at once. */
export const allCasesSideBySide: readonly FaultCase[] = [
  missingResultsTopic,
  ...zip(killPointsOf('consume'), killPointsOf('extract'), killPointsOf('publish')).map(sideBySide),
  sideBySide(suspensions),
  ...processFaults,
  ...databaseFaults,
  ...brokerFaults,
];

/** The first of each list, the second of each, and so on; lists that are shorter are left out at their end. */
function zip<T>(...lists: readonly (readonly T[])[]): T[][] {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1)));
}
