import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { configOf, faultsOf, noFiles } from './config-files.ts';

const everything = {
  $schema: './config.v1.json',
  session: { gap: '20m', grace: '5s', maxMessages: 100, maxDuration: '6h' },
  ignoreUsers: ['helper-*'],
  model: 'file-model',
  modelOutput: 'tool',
  transcriptTokens: 20_000,
  budgetUsdPerDay: 12.5,
  prices: {
    'file-model': {
      inputUsdPerMillion: 1,
      cachedInputUsdPerMillion: 0.1,
      cacheWriteUsdPerMillion: 1.25,
      outputUsdPerMillion: 5,
    },
  },
  stages: { summary: { minMessages: 8 }, moods: { enabled: false } },
  modules: ['./moods.mjs', 'a-package'],
  memory: { lifetimes: { feels: '3d', lives_in: 'never' } },
  retention: { keptAnswers: '10d', modelCalls: 'never' },
  bots: {
    tia: {
      gap: '1h',
      model: 'bot-model',
      budgetUsdPerDay: 2,
      stages: { facts: { enabled: false } },
      ignoreUsers: ['ops'],
    },
  },
};

it('takes everything that the file may hold', () => {
  const config = configOf({}, everything);
  expect(config.retention).toEqual({
    keptAnswersMs: 864_000_000,
    modelCallsMs: null,
    embeddedLogMs: 604_800_000,
  });
  expect(config.session).toMatchObject({
    gapMs: 1_200_000,
    graceMs: 5_000,
    maxMessages: 100,
    maxDurationMs: 21_600_000,
  });
  expect(config.extract).toEqual({
    model: 'file-model',
    output: 'tool',
    transcriptTokens: 20_000,
    concurrency: 4,
    fallbackAfterMs: 900_000,
    budgetUsdPerDay: 12.5,
    prices: everything.prices,
    stages: { summary: { enabled: true, minMessages: 8 }, moods: { enabled: false, minMessages: null } },
    strategies: [
      {
        name: 'default',
        weight: 1,
        prompts: { version: '1', directory: null, own: {} },
        model: null,
        callShape: 'together',
        effort: null,
      },
    ],
    ignoreUsers: ['helper-*'],
  });
  expect(config.memory.lifetimesMs).toEqual({ feels: 259_200_000, lives_in: null });
  expect(config.modules).toEqual([
    { name: './moods.mjs', file: 'afterword.json' },
    { name: 'a-package', file: 'afterword.json' },
  ]);
  expect(config.bots).toEqual({
    tia: {
      gapMs: 3_600_000,
      model: 'bot-model',
      budgetUsdPerDay: 2,
      stages: { facts: { enabled: false } },
      ignoreUsers: ['ops'],
    },
  });
});

it('lets the environment win, and says where each value came from', () => {
  const config = configOf({ SESSION_GAP: '40m', AFTERWORD_MODEL: 'env-model' }, everything);
  expect(config.session.gapMs).toBe(2_400_000);
  expect(config.session.graceMs).toBe(5_000);
  expect(config.extract.model).toBe('env-model');
  expect(config.sources).toMatchObject({
    SESSION_GAP: 'environment',
    SESSION_GRACE: 'file',
    SESSION_KEY: 'default',
    DATABASE_URL: 'unset',
  });
});

it('reads a file that begins with a byte order mark', () => {
  expect(configOf({}, '\uFEFF{"model":"m"}').extract.model).toBe('m');
});

describe('faults', () => {
  it('come with their path and with the nearest name', () => {
    expect(
      faultsOf(
        {},
        {
          session: { gop: '30m', gap: 30, grace: '10', maxMessages: 1 },
          bots: { tia: { modle: 'x' }, 'no space': {} },
          memory: { lifetimes: { feel: '7d', feels: 'long' } },
          budgetUsdPerDay: 0,
          stages: { Summary: {} },
          modules: ['./fine.mjs', ''],
          unheard: 1,
        },
      ).sort(),
    ).toEqual([
      'AFTERWORD_CONFIG bots.?: as a name: expected a name without spaces',
      'AFTERWORD_CONFIG bots.tia: "modle" is not a setting, did you mean "model"?',
      'AFTERWORD_CONFIG budgetUsdPerDay: expected more than 0',
      'AFTERWORD_CONFIG memory.lifetimes.feels: expected a duration such as "60d", or "never"',
      'AFTERWORD_CONFIG memory.lifetimes: "feel" is not a setting, did you mean "feels"?',
      'AFTERWORD_CONFIG modules.1: expected a path such as "./my-stages.mjs", or a package',
      'AFTERWORD_CONFIG session.gap: expected a duration above 0, such as "10s", "30m", "12h" or "90d"',
      'AFTERWORD_CONFIG session.grace: expected a duration such as "500ms", "10s" or "2m"',
      'AFTERWORD_CONFIG session.maxMessages: expected at least 2',
      'AFTERWORD_CONFIG session: "gop" is not a setting, did you mean "gap"?',
      'AFTERWORD_CONFIG stages.Summary: as a name: expected a stage name in kebab-case',
      'AFTERWORD_CONFIG: "unheard" is not a setting',
    ]);
  });

  it('stand beside those of the environment', () => {
    expect(faultsOf({ HTTP_PORT: 'x' }, { session: { gap: '1' } })).toHaveLength(2);
  });

  it.each([
    ['{\n  "model": "m",\n  "planted words": nope\n}', 3],
    ['{\n  "model": "planted,\n  "x": 1\n}', 2],
    ['{\n  "model": "m"\n  "planted": 1\n}', 3],
    ['{\n  "model": "m",\n', 3],
    ['{\n  "model": "m"\n}\n\n}', 5],
    ['planted', 1],
    ['', 1],
  ])('tell the line of broken JSON and never quote it (%j)', (text, line) => {
    expect(faultsOf({}, text)).toEqual([`AFTERWORD_CONFIG: the file is not JSON (line ${line})`]);
  });

  it('never repeat a value', () => {
    const planted = { planted: ['planted'] };
    for (const key of [
      'session',
      'model',
      'budgetUsdPerDay',
      'prices',
      'stages',
      'memory',
      'bots',
      'ignoreUsers',
      'modules',
    ]) {
      const faults = faultsOf({}, { [key]: [planted, 'planted text'] });
      expect(faults.join()).not.toContain('planted');
    }
  });

  it('name a file that is not there by its code', () => {
    expect(() => loadConfig({ AFTERWORD_CONFIG: 'gone.json' }, noFiles)).toThrow(
      'AFTERWORD_CONFIG: the file could not be read (ENOENT)',
    );
  });

  it('hold a gap of one bot to the same bounds', () => {
    expect(faultsOf({}, { bots: { tia: { gap: '13h' }, ann: { gap: '9s' } } })).toEqual([
      'AFTERWORD_CONFIG bots.tia.gap: expected at most SESSION_MAX_DURATION',
      'AFTERWORD_CONFIG bots.ann.gap: expected more than SESSION_GRACE',
    ]);
  });

  it('say nothing of settings that the refused file may have set', () => {
    expect(faultsOf({ SESSION_GAP: '13h' }, { session: { maxDuration: '24h' }, unheard: 1 })).toHaveLength(1);
  });
});
