import { describe, expect, it } from 'vitest';

import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { settingDifferences, toRunConfiguration } from '../../src/config/run-configuration.ts';
import type { RunConfiguration, SettingsStanding } from '../../src/model/run-settings.ts';

function configured(file: object, environment: Readonly<Record<string, string>> = {}): RunConfiguration {
  const config = loadConfig({ AFTERWORD_CONFIG: 'afterword.json', ...environment }, () =>
    JSON.stringify(file),
  );
  return toRunConfiguration(config);
}

function stored({ settings, extraction }: RunConfiguration): SettingsStanding {
  const first = { fromMs: -8_640_000_000_000_000, appliedAtMs: 0, settings };
  return { runId: 1, entries: [first], extraction, nowMs: 0, newestEventMs: null };
}

function told(before: RunConfiguration, now: RunConfiguration): string[] {
  return settingDifferences(stored(before), now).map(
    ({ kind, setting, botId, configured: here, stored: there }) =>
      `${kind} ${botId === undefined ? '' : `${botId} `}${setting}: ${here}, not ${there}`,
  );
}

describe('what a process is configured to and its run is not', () => {
  const plain = configured({});

  it('is nothing for the same configuration, from wherever it came', () => {
    expect(told(plain, plain)).toEqual([]);
    expect(told(configured({ session: { gap: '5m' } }), configured({}, { SESSION_GAP: '5m' }))).toEqual([]);
    expect(told(plain, configured({ bots: { zed: { gap: '30m' } } }))).toEqual([]);
  });

  it('names each setting that decides windows, of each bot too', () => {
    const file = { session: { gap: '10m', maxMessages: 9, maxDuration: '1h' }, bots: { zed: { gap: '5m' } } };
    expect(told(plain, configured(file, { SESSION_KEY: 'bot,user,channel' }))).toEqual([
      'windows SESSION_GAP: 10m, not 30m',
      'windows SESSION_MAX_MESSAGES: 9, not 500',
      'windows SESSION_MAX_DURATION: 1h, not 12h',
      'windows SESSION_KEY: bot,user,channel, not bot,user',
      'windows zed gap: 5m, not 30m',
    ]);
    expect(told(configured(file), plain)).toContain('windows zed gap: 30m, not 5m');
  });

  it('takes a bot for a bot, whatever it is called', () => {
    expect(told(plain, configured({ bots: { constructor: { gap: '5m' } } }))).toEqual([
      'windows constructor gap: 5m, not 30m',
    ]);
    expect(told(plain, configured({ bots: { constructor: {} } }))).toEqual([]);
  });

  it('names each setting of extraction by its place in the file', () => {
    const file = {
      model: 'large-1',
      ignoreUsers: ['*-bot'],
      stages: { summary: { minMessages: 6 }, facts: { enabled: true } },
      bots: { zed: { model: 'small-1', stages: { facts: { enabled: false } }, ignoreUsers: ['qa-*'] } },
    };
    expect(told(configured({ stages: { summary: { minMessages: 9 } } }), configured(file))).toEqual([
      'extraction AFTERWORD_MODEL: large-1, not claude-haiku-5-5',
      'extraction IGNORE_USERS: *-bot, not its default',
      'extraction bots.zed.ignoreUsers: qa-*, not its default',
      'extraction bots.zed.model: small-1, not its default',
      'extraction bots.zed.stages.facts.enabled: false, not its default',
      'extraction stages.summary.minMessages: 6, not 9',
    ]);
  });

  it('names the stages of modules by their version, added, changed or gone', () => {
    const withStages = (...ownStages: Config['ownStages']): RunConfiguration =>
      toRunConfiguration({ ...loadConfig({}, () => ''), ownStages });
    const before = withStages({ name: 'moods', version: '1' }, { name: 'gone', version: '4' });
    const now = withStages({ name: 'moods', version: '2' }, { name: 'new', version: '1' });
    expect(told(before, before)).toEqual([]);
    expect(told(before, now)).toEqual([
      'extraction stages.gone.version: no such stage, not 4',
      'extraction stages.moods.version: 2, not 1',
      'extraction stages.new.version: 1, not no such stage',
    ]);
  });

  it('is nothing about extraction where none was recorded', () => {
    const standing = { ...stored(plain), extraction: null };
    expect(settingDifferences(standing, configured({ model: 'large-1' }))).toEqual([]);
  });
});
