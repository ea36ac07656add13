import type { FaultLine } from '../harness/fault-line.ts';

/** One fault against a running line. It leaves everything working, and what it cost to the line's allowances. */
export interface FaultCase {
  readonly name: string;
  /** Rejects when the fault was never reached, which would make the oracle's word worthless. */
  run(line: FaultLine): Promise<void>;
  /** It may be met in any order and beside other load, as in a soak. */
  readonly isRepeatable: boolean;
}

/** Faults of different members at the same time: what each waits for is waited for once. */
export function sideBySide(cases: readonly FaultCase[]): FaultCase {
  return {
    name: cases.map(({ name }) => name).join(' + '),
    isRepeatable: cases.every(({ isRepeatable }) => isRepeatable),
    run: async (line) => {
      await Promise.all(cases.map((one) => one.run(line)));
    },
  };
}
