import { expect, it } from 'vitest';
import { modelsInUse, settingsForBot } from '../../src/config/settings-for-bot.ts';
import { configOf } from './config-files.ts';

const config = configOf(
  { IGNORE_USERS: 'bot-*', SESSION_GAP: '40m' },
  {
    stages: { summary: { minMessages: 8 }, facts: { enabled: false } },
    bots: {
      tia: {
        gap: '1h',
        model: 'own',
        stages: { facts: { enabled: true }, summary: { enabled: false } },
        ignoreUsers: ['ops?'],
      },
    },
  },
);

it('gives a bot its own settings where it has them, even over the environment', () => {
  const settings = settingsForBot(config, 'tia');
  expect(settings).toMatchObject({ gapMs: 3_600_000, graceMs: 10_000, model: 'own' });
  expect(settings.stage('facts')).toEqual({ enabled: true, minMessages: null });
  expect(settings.stage('summary')).toEqual({ enabled: false, minMessages: 8 });
});

it('gives every other bot the general ones', () => {
  const settings = settingsForBot(config, 'ann');
  expect(settings).toMatchObject({ gapMs: 2_400_000, model: 'claude-haiku-5-5' });
  expect(settings.stage('facts')).toEqual({ enabled: false, minMessages: null });
  expect(settings.stage('moods')).toEqual({ enabled: true, minMessages: null });
});

it('adds up the ignored users', () => {
  expect(
    ['bot-1', 'ops1', 'ops12', 'ann'].map((user) => settingsForBot(config, 'tia').ignores(user)),
  ).toEqual([true, true, false, false]);
  expect(settingsForBot(config, 'ann').ignores('ops1')).toBe(false);
});

it.each(['__proto__', 'constructor', 'toString'])('takes %s for a bot or stage like any other', (name) => {
  expect(settingsForBot(config, name).gapMs).toBe(2_400_000);
  expect(settingsForBot(config, name).stage(name)).toEqual({ enabled: true, minMessages: null });
});

it('tells every model that somebody has, once', () => {
  expect(modelsInUse(configOf({}))).toEqual(['claude-haiku-5-5']);
  const strategies = {
    a: { weight: 1 },
    b: { weight: 1, model: 'large-1' },
    later: { weight: 0, model: 'none' },
  };
  const bots = { tia: { model: 'small-1' }, zed: { strategies: { a: { weight: 1, model: 'large-1' } } } };
  expect(modelsInUse(configOf({ AFTERWORD_MODEL: 'any-1' }, { strategies, bots }))).toEqual([
    'any-1',
    'large-1',
    'small-1',
  ]);
});
