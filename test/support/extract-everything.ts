import { createWorker } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { openDatabase } from '../../src/resources.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import type { StoreHarness } from './store-harness.ts';
import { until } from './until.ts';

/** The extraction role of a process with this configuration, until no window waits. */
export async function extractEverything(harness: StoreHarness, config: Config): Promise<void> {
  const database = await openDatabase(config, silentLogger);
  const worker = await createWorker({ config, database, logger: silentLogger, roles: ['extract'] });
  await worker.start();
  try {
    await until('every window is extracted', async () => {
      const waiting = await harness.rows(
        `select from afterword.extractions where status in ('pending', 'running', 'retrying', 'deferred')`,
      );
      return waiting.length === 0;
    });
  } finally {
    await worker.stop(10_000);
    await database.stop();
  }
}
