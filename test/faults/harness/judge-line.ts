import { judge, type Violation } from '../../oracle/oracle.ts';
import { watchOffsets, type OffsetWatch } from '../../oracle/watch-offsets.ts';
import { settings, type FaultLine } from './fault-line.ts';
import { waitForRest } from './rest.ts';

export interface Judgement {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
}

/** A window that was revised several times within the hour waits longer each time. */
const defaultRestLimitMs = 120_000;

/** Waits for rest, then asks the oracle. A line that does not come to rest has stopped working. */
export async function judgeLine(line: FaultLine, restLimitMs = defaultRestLimitMs): Promise<Judgement> {
  const left = await waitForRest(line, restLimitMs);
  const unrested = Object.entries(left).map(([what, count]) => ({
    rule: 'work goes on after the faults end',
    detail: `${what}: ${count} left after ${restLimitMs / 1_000} s`,
  }));
  const { violations, counts } = await judge({
    ...placeOf(line),
    settings,
    logs: line.outputs(),
    modelCalls: line.model.calls.map(({ request }) => ({ body: JSON.stringify(request) })),
    allowedExtraCalls: line.allowedExtraCalls + line.load.deletes,
  });
  return {
    violations: [...unrested, ...ownEnds(line), ...refusals(line), ...brokenRules(line), ...violations],
    counts,
  };
}

/** Looks on while faults happen: no offset may ever be committed ahead of what is stored. */
export function watchLine(line: FaultLine): OffsetWatch {
  return watchOffsets(placeOf(line));
}

function placeOf({ services, database, topics, groupId }: FaultLine) {
  return { brokers: [services.broker.brokers], databaseUrl: database.url, topics, groupId };
}

/** A process may end when it is told to, or where a case expects it. */
function ownEnds({ all, allowedOwnEnds }: FaultLine): Violation[] {
  const ended = all.flatMap(({ name, ownEnds: codes }) => codes.map((code) => `${name} (${String(code)})`));
  if (ended.length <= allowedOwnEnds) return [];
  return [{ rule: 'no process ends by itself', detail: ended.join(', ') }];
}

/**
 * The load holds nothing that Postgres would refuse, and outages are none of our faults: where a
 * constraint or an invariant had to catch something, a rule before it was broken.
 */
function brokenRules(line: FaultLine): Violation[] {
  return (['DATABASE_REFUSED', 'INVARIANT_BROKEN'] as const).flatMap((code) => {
    const lines = line
      .outputs()
      .flatMap((output) => output.split('\n'))
      .filter((words) => words.includes(code));
    return lines.length === 0
      ? []
      : [{ rule: 'nothing is caught by the last net', detail: `${lines.length} times ${code}` }];
  });
}

/** What the real API would have refused. */
function refusals({ model }: FaultLine): Violation[] {
  if (model.refusals.length === 0) return [];
  return [{ rule: 'the model is asked as its API allows', detail: `${model.refusals.length} refused` }];
}
