import { afterEach, beforeEach, expect, it } from 'vitest';

import { AfterwordError } from '../../src/errors.ts';
import { applyConfiguredSettings, showSettings, type ApplyOptions } from '../../src/cli/settings.ts';
import { runStatus } from '../../src/cli/status.ts';
import { runProgram } from '../../src/cli/program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { commandHarness, type CommandHarness } from './command-harness.ts';

const soon: ApplyOptions = { atMs: undefined, replaces: false, dryRun: false };
const hourMs = 3_600_000;

describeWithPostgres('afterword settings', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await database.drop();
  });

  const harness = (environment: Record<string, string> = {}): CommandHarness =>
    commandHarness({ DATABASE_URL: database.url, ...environment });

  const show = async (environment: Record<string, string> = {}): Promise<Record<string, unknown>> => {
    const { context, out } = harness(environment);
    expect(await showSettings(context, { json: true })).toBe(0);
    expect(out).toHaveLength(1);
    return JSON.parse(out[0] ?? '') as Record<string, unknown>;
  };

  const apply = async (
    environment: Record<string, string>,
    options: Partial<ApplyOptions> = {},
  ): Promise<string> => {
    const { context, text } = harness(environment);
    expect(await applyConfiguredSettings(context, { ...soon, ...options })).toBe(0);
    return text();
  };

  it('shows that nothing is in force yet, and what this process would begin with', async () => {
    expect(await show({ SESSION_GAP: '5m' })).toMatchObject({
      run_id: null,
      entries: [],
      configured: { gap_ms: 300_000 },
      differences: [],
    });
    const { context, text } = harness();
    await showSettings(context, { json: false });
    expect(text()).toContain('nothing is in force');
  });

  it('begins a run, and then has nothing to do', async () => {
    expect(await apply({})).toMatch(
      /^from the beginning of a new run: gap 30m, at most 500 messages and 12h/,
    );
    expect(await apply({})).toBe('nothing to apply: this configuration holds already');
    expect(await show()).toMatchObject({
      entries: [{ effective_from: null, gap_ms: 1_800_000, state: 'in force' }],
      differences: [],
    });
  });

  it('says by name what differs, before it is applied', async () => {
    await apply({});
    const environment = { SESSION_GAP: '5m', AFTERWORD_MODEL: 'large-1' };
    expect(await show(environment)).toMatchObject({
      differences: [
        { kind: 'windows', setting: 'SESSION_GAP', configured: '5m', stored: '30m' },
        { kind: 'extraction', setting: 'AFTERWORD_MODEL', configured: 'large-1' },
      ],
    });
    const { context, text } = harness(environment);
    await showSettings(context, { json: false });
    expect(text()).toContain('SESSION_GAP is configured as 5m; 30m is in force');
    expect(text()).toContain('AFTERWORD_MODEL is configured as large-1; claude-haiku-5-5 is recorded');
    expect(text()).toContain('what is in force is used, by every process');
    expect(text()).toContain('each process extracts by its own configuration');
  });

  it('changes the gap for the time to come only, and says until when the old one holds', async () => {
    await apply({});
    const told = await apply({ SESSION_GAP: '10m' });
    expect(told).toMatch(/until (.+Z): gap 30m.*\nmessages sent from \1 on: gap 10m/);
    expect(await show({ SESSION_GAP: '10m' })).toMatchObject({
      entries: [
        { effective_from: null, gap_ms: 1_800_000, state: 'in force' },
        { effective_from: expect.any(String) as string, gap_ms: 600_000, state: 'planned' },
      ],
      differences: [],
    });
    const { context, out } = harness({ SESSION_GAP: '10m' });
    await runStatus(context, { json: false });
    expect(out.join('\n')).toMatch(/settings +run 1: gap 30m, .*; other settings from .+Z on/);
  });

  it('writes nothing for a dry run, and tells the same', async () => {
    await apply({});
    expect(await apply({ SESSION_GAP: '10m' }, { dryRun: true })).toMatch(
      /messages sent from .*: gap 10m[^]*nothing was written/,
    );
    expect(await show()).toMatchObject({ entries: [{ gap_ms: 1_800_000 }] });
  });

  it('refuses another session key and a date in the past', async () => {
    await apply({});
    const refused = async (environment: Record<string, string>, options: Partial<ApplyOptions> = {}) => {
      const error: unknown = await apply(environment, options).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AfterwordError);
      return error as AfterwordError;
    };
    const key = await refused({ SESSION_KEY: 'bot,user,channel' });
    expect(`${key.code} ${key.message} ${key.hint}`).toMatch(
      /^INPUT_INVALID SESSION_KEY is bot,user .* cannot change .* reprocessing, which is not in this version$/,
    );
    const past = await refused({ SESSION_GAP: '10m' }, { atMs: Date.now() - hourMs });
    expect(past.message).toMatch(/would cut anew what is stored; the earliest is /);
    expect(await show()).toMatchObject({ entries: [{ gap_ms: 1_800_000 }] });
  });

  it('takes a date in the future, and takes it back when asked to', async () => {
    await apply({});
    await apply({ SESSION_GAP: '10m' }, { atMs: Date.now() + 24 * hourMs });
    const told = await apply({ SESSION_GAP: '5m' }, { atMs: Date.now() + 12 * hourMs, replaces: true });
    expect(told).toMatch(/^taken back, from .*: gap 10m/);
    expect(await show()).toMatchObject({ entries: [{ gap_ms: 1_800_000 }, { gap_ms: 300_000 }] });
  });

  it('reads its options from the command line', async () => {
    const run = async (...args: string[]): Promise<readonly [number, string]> => {
      const { context, text } = harness({ SESSION_GAP: '10m' });
      return [await runProgram(['settings', ...args], () => context, '0.0.0-test'), text()];
    };
    await apply({});
    expect(await run('apply', '--at', '2126-03-01T10:00:00+01:00')).toMatchObject([
      0,
      expect.stringContaining('messages sent from 2126-03-01T09:00:00Z on: gap 10m') as string,
    ]);
    expect(await run('show')).toMatchObject([0, expect.stringContaining('planned') as string]);
    expect((await run('apply', '--at', 'tomorrow'))[0]).toBe(2);
    expect((await run('apply', '--at', '2126-03-01T10:00:00'))[0]).toBe(2);
  });
});
