import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { configOf } from '../config/config-files.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';
import { extractEverything } from '../support/extract-everything.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import {
  closeAll,
  dayMs,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';

/** Bots `x` and `y` have settings of their own; `z` has none. A worker over a real Postgres extracts for all. */
describeWithPostgres('the stages of a bot', () => {
  let harness: StoreHarness;
  let server: AnthropicServer;

  beforeAll(async () => {
    [harness, server] = await Promise.all([openStoreHarness(), AnthropicServer.start()]);
  });
  beforeEach(async () => {
    await harness.begin();
    server.reset();
  });
  afterEach(() => {
    expect(server.refusals).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([harness.close(), server.close()]);
  });

  /** One closed conversation of so many turns with each bot, extracted by a process with this file. */
  async function extract(file: object, turns: Readonly<Record<string, number>>): Promise<void> {
    const said = Object.entries(turns).flatMap(([bot, count]) =>
      Array.from({ length: count }, (_, turn) =>
        message({
          id: `${bot} ${turn}`,
          bot,
          atMs: dayMs + turn * minuteMs,
          role: turn % 2 === 0 ? 'user' : 'assistant',
          content: `I told ${bot} of my harpsichord`,
        }),
      ),
    );
    await storeRecords(harness.store, logOf(said));
    await closeAll(harness.closing);
    const model = { ANTHROPIC_API_KEY: testApiKey, ANTHROPIC_BASE_URL: server.baseURL };
    const config = configOf({ DATABASE_URL: harness.url, ...model }, file);
    await extractEverything(harness, config);
  }

  const tasks = async (): Promise<string[]> =>
    (
      await harness.rows<{ task: string }>(
        `select concat_ws(' ', k.bot_id, t.stage, t.status, t.reason) as task
         from afterword.stage_tasks t join afterword.user_keys k using (key_id) order by 1`,
      )
    ).map(({ task }) => task);

  /** The fields that the model was asked for in its one call for each bot. */
  const asked = (): string[] =>
    server.calls
      .map(({ question: { lines, fields } }) => {
        const bot = /^I told (\w+)/.exec(lines[0]?.text ?? '')?.[1] ?? 'nobody';
        return `${bot}: ${[...fields].sort().join(' ')}`;
      })
      .sort();

  it('are those that its own settings leave on: one that is off is neither asked for nor stored', async () => {
    await extract({ bots: { x: { stages: { facts: { enabled: false } } } } }, { x: 6, z: 6 });
    expect(asked()).toEqual(['x: preferences summary', 'z: facts preferences summary']);
    expect(await tasks()).toEqual([
      'x preferences done',
      'x summary done',
      'z facts done',
      'z preferences done',
      'z summary done',
    ]);
  });

  it('run from its own number of messages on: one that has too few is skipped, and not asked for', async () => {
    const bots = { y: { stages: { summary: { minMessages: 2 } } } };
    await extract({ bots }, { y: 2, z: 2 });
    expect(asked()).toEqual(['y: facts summary', 'z: facts']);
    expect(await tasks()).toEqual([
      'y facts done',
      'y preferences skipped too-few-messages',
      'y summary done',
      'z facts done',
      'z preferences skipped too-few-messages',
      'z summary skipped too-few-messages',
    ]);
  });

  it('have the nearer setting where all bots have one too', async () => {
    const stages = { facts: { enabled: false }, summary: { minMessages: 9 } };
    const own = { facts: { enabled: true }, summary: { minMessages: 2 } };
    await extract({ stages, bots: { y: { stages: own } } }, { y: 2, z: 4 });
    expect(asked()).toEqual(['y: facts summary', 'z: preferences']);
    expect(await tasks()).toEqual([
      'y facts done',
      'y preferences skipped too-few-messages',
      'y summary done',
      'z preferences done',
      'z summary skipped too-few-messages',
    ]);
  });
});
