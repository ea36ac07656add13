import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole lines first: they take minutes, and one that begins last would run on alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isWhole = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('.e2e.test.ts');
    return [...sorted.filter(isWhole), ...sorted.filter((file) => !isWhole(file))];
  }
}

/** Ten minutes by itself; `npm run faults` runs the same list. */
const list = process.env['AFTERWORD_TEST_FAULTS'] === undefined ? ['test/faults/faults.e2e.test.ts'] : [];

export default defineConfig({
  test: {
    exclude: [...configDefaults.exclude, ...list],
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Two cores: more workers only make each other slow and every timeout likelier.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
