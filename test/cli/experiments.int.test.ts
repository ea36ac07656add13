import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runExperiments, type ExperimentsOptions } from '../../src/cli/experiments.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { chooseStrategy } from '../../src/extract/choose-strategy.ts';
import * as replies from '../support/anthropic-replies.ts';
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
import { commandHarness } from './command-harness.ts';

const people = Array.from({ length: 56 }, (_, index) => `user-${index}`);
const turns = [
  'I play the harpsichord',
  'How nice!',
  'My grandmother taught me',
  'And now?',
  'For the neighbours',
];
const strategies = {
  default: { weight: 1 },
  terse: { weight: 1, prompts: './terse', effort: 'low', callShape: 'separate' },
};
const names = Object.entries(strategies).map(([name, { weight }]) => ({ name, weight }));
const strategyOf = (userId: string): string => chooseStrategy(names, { botId: 'aria', userId }).name;
const of = (name: string): string[] => people.filter((user) => strategyOf(user) === name);
/** Whose facts the model will not tell. */
const refused = of('terse').slice(0, 3);

describeWithPostgres('strategies', () => {
  let harness: StoreHarness;
  let server: AnthropicServer;
  let folder: string;

  beforeAll(async () => {
    [harness, server] = await Promise.all([openStoreHarness(), AnthropicServer.start()]);
    folder = await mkdtemp(join(tmpdir(), 'afterword-strategies-'));
    await mkdir(join(folder, 'terse'));
    await writeFile(join(folder, 'terse', 'facts.md'), 'Only what lasts for years.');
    server.byQuestion = ({ lines, fields }) =>
      fields.join() === 'facts' && refused.some((user) => lines[0]?.text.endsWith(` as ${user}`))
        ? replies.refusal()
        : undefined;
    await harness.begin();
    const said = people.flatMap((user) =>
      turns.map((content, turn) =>
        message({
          id: `${user} ${turn}`,
          user,
          atMs: dayMs + turn * minuteMs,
          role: turn % 2 === 0 ? 'user' : 'assistant',
          content: turn === 0 ? `${content} as ${user}` : content,
        }),
      ),
    );
    const silent = message({ id: 'hello', user: 'silent', atMs: dayMs, role: 'assistant' });
    await storeRecords(harness.store, logOf([...said, silent]), 1_000);
    await closeAll(harness.closing);
    await extract(strategies);
  }, 120_000);

  afterAll(async () => {
    expect(server.refusals).toEqual([]);
    await Promise.all([harness.close(), server.close(), rm(folder, { recursive: true })]);
  });

  /** The extraction role of a process with these strategies, until nothing waits. */
  async function extract(configured: object): Promise<void> {
    const file = join(folder, 'afterword.json');
    await writeFile(file, JSON.stringify({ strategies: configured }));
    const config = loadConfig(
      {
        AFTERWORD_CONFIG: file,
        DATABASE_URL: harness.url,
        ANTHROPIC_API_KEY: testApiKey,
        ANTHROPIC_BASE_URL: server.baseURL,
      },
      (path) => readFileSync(path, 'utf8'),
    );
    await extractEverything(harness, config);
  }

  async function experiments(options: Partial<ExperimentsOptions> = {}): Promise<Record<string, unknown>[]> {
    const { context, out } = commandHarness({ DATABASE_URL: harness.url });
    expect(await runExperiments(context, { json: true, ...options })).toBe(0);
    return out.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  interface Result {
    readonly user_id: string;
    readonly stage: string;
    readonly stage_version: string;
    readonly strategy: string;
    readonly status: string;
  }

  const currentResults = (): Promise<Result[]> =>
    harness.rows<Result & Record<string, unknown>>(
      `select k.user_id, t.stage, t.stage_version, t.strategy, t.status
       from afterword.stage_tasks t join afterword.user_keys k using (key_id)
       where t.superseded_at is null and t.status <> 'skipped'`,
    );

  it('are dealt to users, and every result, event and call names the one that made it', async () => {
    const results = await currentResults();
    expect(results).toHaveLength(people.length * 3);
    for (const { user_id: user, strategy } of results) expect(strategy).toBe(strategyOf(user));
    expect(of('default').length).toBeGreaterThan(20);
    expect(of('terse').length).toBeGreaterThan(20);
    const versions = new Set(results.map((one) => `${one.strategy} ${one.stage} ${one.stage_version}`));
    expect([...versions].sort()).toEqual([
      'default facts 3',
      'default preferences 3',
      'default summary 3',
      expect.stringMatching(/^terse facts 3\+[0-9a-f]{8}$/),
      'terse preferences 3',
      'terse summary 3',
    ]);
    const told = await harness.rows<{ strategy: string; user_id: string }>(
      `select event ->> 'strategy' as strategy, event ->> 'user_id' as user_id from afterword.outbox
       where event_type = 'afterword.stage.completed.v1'`,
    );
    expect(told).toHaveLength(people.length * 3 - refused.length);
    for (const { user_id: user, strategy } of told) expect(strategy).toBe(strategyOf(user));
    const calls = await harness.rows(
      'select strategy, count(*)::int as calls from afterword.model_calls group by 1 order by 1',
    );
    expect(calls).toEqual([
      { strategy: 'default', calls: of('default').length },
      { strategy: 'terse', calls: of('terse').length * 3 },
    ]);
    const low = server.calls.filter(({ request }) => request.output_config?.effort === 'low');
    expect(low).toHaveLength(of('terse').length * 3);
  });

  /** By the names of the measures: over every call, and over every summary. */
  async function sumsOverRows(strategy: string): Promise<Record<string, number>> {
    const [calls] = await harness.rows<Record<string, number>>(
      `select count(*)::float8 as calls, sum(input_tokens)::float8 as input_tokens,
         sum(cached_input_tokens)::float8 as cached_input_tokens, sum(output_tokens)::float8 as output_tokens,
         sum(cost_nano_usd)::float8 / 1e9 as cost_usd
       from afterword.model_calls where strategy = $1`,
      [strategy],
    );
    const [summaries] = await harness.rows<Record<string, number>>(
      `select sum((result ->> 'grounded_share')::float8) as grounding,
         sum((result ->> 'compression_ratio')::float8) as compression
       from afterword.stage_tasks
       where strategy = $1 and stage = 'summary' and status = 'done' and superseded_at is null`,
      [strategy],
    );
    return { ...calls, ...summaries };
  }

  it('are compared with right counts, and a difference that chance explains is none', async () => {
    await harness.pool.query(
      `insert into afterword.summary_links (window_id, earlier_window_id, key_id, embedder, similarity)
       select w.window_id, (select max(window_id::text)::uuid from afterword.windows), w.key_id, 'lexical', 0.9
       from afterword.windows w join afterword.user_keys k using (key_id) where k.user_id = $1`,
      [of('default')[0]],
    );
    const [byDefault, terse, ...others] = await experiments();
    expect(others).toEqual([]);
    expect(byDefault).toMatchObject({
      strategy: 'default',
      baseline: 'default',
      windows: of('default').length,
      users: of('default').length,
      offline_windows: 0,
      bots: ['aria'],
      models: ['claude-haiku-5-5'],
      measures: {
        failures: { mean: 0, windows: of('default').length },
        topic_diversity: { mean: 1, windows: of('default').length },
        duplicates: { mean: 1 / of('default').length, windows: of('default').length },
      },
      differences: {},
    });
    const share = refused.length / of('terse').length;
    expect(terse).toMatchObject({
      strategy: 'terse',
      windows: of('terse').length,
      measures: { failures: { mean: share, users: of('terse').length } },
      differences: {
        failures: { difference: share, verdict: 'none' },
        input_tokens: { verdict: 'higher' },
        topic_diversity: { verdict: 'none' },
        duplicates: { verdict: 'none' },
      },
    });
    for (const [strategy, row] of [
      ['default', byDefault],
      ['terse', terse],
    ] as const) {
      const measured = row?.['measures'] as Record<string, { mean: number; windows: number }>;
      const sums = await sumsOverRows(strategy);
      for (const [name, sum] of Object.entries(sums)) {
        expect(sum, `${strategy} ${name}`).toBeGreaterThan(0);
        expect(measured[name]?.windows, `${strategy} ${name}`).toBe(of(strategy).length);
        expect(measured[name]?.mean, `${strategy} ${name}`).toBeCloseTo(sum / of(strategy).length, 9);
      }
      expect(measured['latency_ms']?.windows).toBe(of(strategy).length);
    }
  });

  it('are told to people with what it means in the last line', async () => {
    const { context, out, notes } = commandHarness({ DATABASE_URL: harness.url });
    expect(await runExperiments(context, { json: false })).toBe(0);
    expect(notes).toEqual([]);
    expect(out[0]).toMatch(/^ +default +terse$/);
    expect(out.find((line) => line.startsWith('failures'))).toMatch(
      /^failures +0\.0 % \[0\.0 %, \d+\.\d %\] +\d+\.\d % \[\d+\.\d %, \d+\.\d %\]$/,
    );
    expect(out.at(-1)).toMatch(/^terse beside default: .*worse in .*tokens in.*; no difference in failures/);
  });

  it('are compared within a bot and a time, and with another baseline', async () => {
    expect(await experiments({ bot: 'nobody' })).toEqual([]);
    expect(await experiments({ since: Date.now() + 86_400_000 })).toEqual([]);
    expect(await experiments({ until: Date.now() + 86_400_000 })).toHaveLength(2);
    const [byDefault] = await experiments({ bot: 'aria', baseline: 'terse' });
    expect(byDefault).toMatchObject({
      baseline: 'terse',
      differences: { input_tokens: { verdict: 'lower' } },
    });
    await expect(experiments({ baseline: 'unheard' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('make results anew when a revision finds another strategy, or other words, and not otherwise', async () => {
    const before = await currentResults();
    const [moved, stayed] = [of('default')[0] ?? '', of('terse').at(-1) ?? ''];
    const revise = (): Promise<unknown> =>
      harness.rows(
        `update afterword.extractions e set status = 'pending', not_before = clock_timestamp()
         from afterword.user_keys k where k.key_id = e.key_id and k.user_id = any($1::text[])`,
        [[moved, stayed]],
      );
    const asked = server.calls.length;
    await revise();
    await extract(strategies);
    expect(server.calls).toHaveLength(asked);
    await writeFile(join(folder, 'terse', 'facts.md'), 'Only what lasts for decades.');
    await revise();
    await extract({ ...strategies, default: { weight: 0 } });
    const after = await currentResults();
    expect(after).toHaveLength(before.length);
    const ofUser = (user: string, stage: string): Result | undefined =>
      after.find((one) => one.user_id === user && one.stage === stage);
    expect(ofUser(moved, 'summary')?.strategy).toBe('terse');
    const former = before.find((one) => one.user_id === stayed && one.stage === 'facts');
    expect(ofUser(stayed, 'facts')?.stage_version).not.toBe(former?.stage_version);
    // All stages share one system prompt: with a word of it changed, each is asked anew.
    expect(server.calls.length - asked).toBe(6);
    const compared = await experiments();
    expect(compared.map(({ windows }) => windows)).toEqual([
      of('default').length - 1,
      of('terse').length + 1,
    ]);
  });

  it('are compared by what the model found alone, and told where it was another model', async () => {
    const [byRules, byOther] = of('terse').slice(refused.length);
    const change = (to: string, user: string | undefined): Promise<unknown> =>
      harness.rows(
        `update afterword.stage_tasks t set ${to} from afterword.user_keys k
         where k.key_id = t.key_id and k.user_id = $1 and t.status = 'done'`,
        [user],
      );
    const before = (await experiments())[1];
    await change(`method = 'offline', model = null`, byRules);
    await change(`model = 'claude-haiku-9'`, byOther);
    expect((await experiments())[1]).toMatchObject({
      windows: Number(before?.['windows']) - 1,
      users: Number(before?.['users']) - 1,
      offline_windows: 1,
      models: ['claude-haiku-5-5', 'claude-haiku-9'],
    });
    const { context, notes } = commandHarness({ DATABASE_URL: harness.url });
    await runExperiments(context, { json: false });
    expect(notes).toEqual([
      '1 windows with results by rules are not counted',
      'terse has results of 2 models (claude-haiku-5-5, claude-haiku-9): both are counted as one',
    ]);
  });
});
