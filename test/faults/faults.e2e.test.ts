import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithOwnBroker } from '../support/own-broker-suite.ts';
import { allCasesSideBySide } from './cases/all-cases.ts';
import { seedOf } from './harness/random.ts';
import { startFaultServices, type FaultServices } from './harness/services.ts';
import { CaseRunner } from './run-cases.ts';

/** FAULTS_SEED repeats the load of an earlier run. */
const seed = seedOf(process.env['FAULTS_SEED']);

/**
 * Each fault of the list once, on one line of several processes; `npm run faults` repeats each by itself.
 * Ten minutes, so it runs only where AFTERWORD_TEST_FAULTS is set.
 */
describeWithOwnBroker(`nothing is lost and nothing is doubled by (seed ${seed})`, () => {
  let services: FaultServices;
  let runner: CaseRunner;

  beforeAll(async () => {
    services = await startFaultServices();
    runner = new CaseRunner(services, seed);
  });

  afterAll(async () => {
    await runner.close();
    await services.stop();
  });

  it.each(allCasesSideBySide)('$name', { timeout: 300_000 }, async (fault) => {
    const { violations } = await runner.run(fault);
    expect(violations).toEqual([]);
  });

  it('a fresh run over the same log comes to the same', { timeout: 300_000 }, async () => {
    expect((await runner.runFresh())?.violations).toEqual([]);
  });
});
