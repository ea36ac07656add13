/**
 * The protocol under deterministic simulation: schedules of what bots send, of three processes
 * that read, close, extract and publish at once, and of everything that goes wrong meanwhile.
 *
 * Product code that runs here: consumer, decoding, batch plan, batch transaction over its port,
 * reconciliation, session rules, closer, extraction worker with its gate, questions, kept answers,
 * settlement, observations, fold, profile, relay and encoding of events.
 *
 * Simulated: the log and its group, the store behind the ports (READ COMMITTED, row locks,
 * identity conflicts, leases; each statement in SQL is retold in a few lines), the clock, the
 * model, one stage. The SQL itself, the client of the log, fold checkpoints of long histories,
 * partitions that nobody reads, a store put back from a copy and user-made stages are tested on
 * the real parts elsewhere.
 *
 * Every run takes schedules of its own. A failure prints its seed and the smallest schedule that
 * fails, and so does the title of the test:
 *
 * SIMULATION_SEED=123 repeats a run, SIMULATION_RUNS=200000 makes a longer one.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { arbitrarySchedule } from './arbitrary-schedule.ts';
import { breaches, type Breach } from './breaches.ts';
import { liveThrough } from './live-through.ts';
import { addCounts, noRareStates } from './rare-states.ts';

const runs = Number(process.env['SIMULATION_RUNS'] ?? 5_000);
const seed = Number(process.env['SIMULATION_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const parameters = { numRuns: runs, seed, unbiased: true };
const timeoutMs = 120_000 + 200 * runs;

describe(`the protocol under ${runs} schedules of seed ${seed}`, () => {
  it(
    'loses and doubles nothing, and meets every rare state on the way',
    async () => {
      const met = noRareStates();
      await fc.assert(
        fc.asyncProperty(arbitrarySchedule, async (schedule) => {
          const { violations, rare } = await liveThrough(schedule);
          addCounts(met, rare);
          expect(violations).toEqual([]);
        }),
        parameters,
      );
      process.stdout.write(`${countsOf(met)}\n`);
      expect([...met].filter(([, count]) => count === 0)).toEqual([]);
    },
    timeoutMs,
  );

  it(
    'takes the same way each time',
    async () => {
      await fc.assert(
        fc.asyncProperty(arbitrarySchedule, async (schedule) => {
          const [once, again] = [await liveThrough(schedule), await liveThrough(schedule)];
          expect(again.trace).toEqual(once.trace);
        }),
        { ...parameters, numRuns: Math.ceil(runs / 20) },
      );
    },
    timeoutMs,
  );

  it.each(breaches)(
    'finds a protocol out that %s',
    async (breach: Breach) => {
      const found = await firstFound(breach);
      expect(found).not.toBeUndefined();
      process.stdout.write(
        `${breach}: schedule ${found?.schedule ?? 0}, ${found?.violations.join('; ') ?? ''}\n`,
      );
    },
    timeoutMs,
  );
});

interface Found {
  readonly schedule: number;
  readonly violations: readonly string[];
}

/** Among the same schedules that the sound protocol has to survive. */
async function firstFound(breach: Breach): Promise<Found | undefined> {
  let found: Found | undefined;
  let schedule = 0;
  await fc.check(
    fc.asyncProperty(arbitrarySchedule, async (one) => {
      schedule += 1;
      const { violations } = await liveThrough(one, breach);
      if (violations.length > 0) found ??= { schedule, violations };
      return violations.length === 0;
    }),
    { ...parameters, endOnFailure: true },
  );
  return found;
}

function countsOf(met: ReadonlyMap<string, number>): string {
  return [...met].map(([state, count]) => `${String(count).padStart(8)} ${state}`).join('\n');
}
