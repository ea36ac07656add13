import { describe, expect, it } from 'vitest';
import { describeBot } from '../../src/config/describe-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { settingDifferences, toRunConfiguration } from '../../src/config/run-configuration.ts';
import { settingsForBot } from '../../src/config/settings-for-bot.ts';
import { describeStrategy } from '../../src/config/strategies.ts';
import type { Config } from '../../src/config/config.ts';
import type { SettingsStanding } from '../../src/model/run-settings.ts';
import { isAfterwordError } from '../../src/errors.ts';
import { guardWord } from '../../src/telemetry/fields.ts';
import { configOf, faultsOf, filesOf } from './config-files.ts';

const withKey = { ANTHROPIC_API_KEY: 'any' };

/** A configuration file in a folder of its own, with prompts beside it. */
function withPrompts(file: unknown, prompts: Readonly<Record<string, string>>): Config {
  const files = { 'team/afterword.json': JSON.stringify(file), ...prompts };
  return loadConfig({ ...withKey, AFTERWORD_CONFIG: 'team/afterword.json' }, filesOf(files));
}

function faultsWithPrompts(file: unknown, prompts: Readonly<Record<string, string>>): string[] {
  try {
    withPrompts(file, prompts);
  } catch (error) {
    if (!isAfterwordError(error)) throw error;
    return error.message.split('\n').slice(1);
  }
  throw new Error('the configuration was accepted');
}

const builtIn = { version: '1', directory: null, own: {} };

describe('strategies', () => {
  it('are one, called default, where none are configured', () => {
    const [only, ...others] = settingsForBot(configOf({}), 'any').strategies;
    expect(others).toEqual([]);
    expect(only).toEqual({
      name: 'default',
      weight: 1,
      prompts: builtIn,
      model: null,
      callShape: 'together',
      effort: null,
    });
  });

  it('are read with all that they name, sorted by name; a bot’s own stand in place of those for all', () => {
    const config = configOf(withKey, {
      strategies: {
        terse: { weight: 1, effort: 'low', prompts: '1' },
        apart: { weight: 2.5, callShape: 'separate' },
      },
      bots: { tia: { strategies: { large: { weight: 1, model: 'large-1' } } } },
    });
    expect(settingsForBot(config, 'ann').strategies).toEqual([
      { name: 'apart', weight: 2.5, prompts: builtIn, model: null, callShape: 'separate', effort: null },
      { name: 'terse', weight: 1, prompts: builtIn, model: null, callShape: 'together', effort: 'low' },
    ]);
    expect(settingsForBot(config, 'tia').strategies.map(({ name, model }) => [name, model])).toEqual([
      ['large', 'large-1'],
    ]);
    expect(config.warnings).toEqual([]);
  });

  it('take prompts from a directory beside the file, and what is missing from the newest version', () => {
    const strategies = { terse: { weight: 1, prompts: './terse' } };
    const config = withPrompts({ strategies }, { 'team/terse/facts.md': 'Only names.\r\n' });
    expect(config.extract.strategies[0]?.prompts).toEqual({
      version: '1',
      directory: './terse',
      own: { facts: '# facts\nOnly names.' },
    });
  });

  it('are told by doctor, with their share of users and whose prompts they have', () => {
    const strategies = { terse: { weight: 1, prompts: './terse', effort: 'low' }, default: { weight: 3 } };
    const config = withPrompts({ strategies }, { 'team/terse/facts.md': 'Only names.' });
    const told = describeBot(config, 'tia');
    expect(told).toContain('\n  strategy default: 75 % of users (weight 3, prompts version 1)\n');
    expect(told).toMatch(
      /\n {2}strategy terse: 25 % of users \(weight 1, prompts \.\/terse with facts\.md, digest [0-9a-f]{8}, effort low\)\n/,
    );
  });

  it('are part of what processes compare with what was recorded', () => {
    const told = (before: Config, now: Config): string[] => {
      const { settings, extraction } = toRunConfiguration(before);
      const first = { fromMs: -8_640_000_000_000_000, appliedAtMs: 0, settings };
      const standing: SettingsStanding = {
        runId: 1,
        entries: [first],
        extraction,
        nowMs: 0,
        newestEventMs: null,
      };
      return settingDifferences(standing, toRunConfiguration(now)).map(
        ({ setting, configured, stored }) => `${setting}: ${configured}, not ${stored}`,
      );
    };
    const plain = configOf(withKey);
    expect(told(plain, configOf(withKey, { strategies: { default: { weight: 5 } } }))).toEqual([]);
    const two = { strategies: { default: { weight: 1 }, terse: { weight: 1, effort: 'low' } } };
    expect(told(plain, configOf(withKey, two))).toEqual([
      'strategies.default: weight 1, prompts version 1, not no such strategy',
      'strategies.terse: weight 1, prompts version 1, effort low, not no such strategy',
    ]);
    const strategies = { default: { weight: 1, prompts: './p' } };
    const words = (text: string): Config => withPrompts({ strategies }, { 'team/p/rules.md': text });
    expect(told(words('Be brief.'), words('Be brief.'))).toEqual([]);
    expect(told(words('Be brief.'), words('Be thorough.'))).toHaveLength(1);
  });

  it('are told in words that a log may hold', () => {
    const strategies = {
      default: { weight: 1, prompts: './p', model: 'm-1', callShape: 'separate', effort: 'low' },
    };
    const config = withPrompts(
      { strategies },
      { 'team/p/rules.md': 'Be brief.', 'team/p/facts.md': 'Names.' },
    );
    const told = config.extract.strategies.map(describeStrategy).join();
    const word = told.replaceAll(',', '/').replaceAll(' ', '-');
    expect(guardWord(word)).toBe(word);
  });

  it('are warned about where no model is asked', () => {
    const { warnings } = configOf({}, { bots: { tia: { strategies: { default: { weight: 1 } } } } });
    expect(warnings.join()).toContain('AFTERWORD_CONFIG bots.tia.strategies changes no result');
  });
});

describe('faults of strategies', () => {
  it('come all at once, with their place', () => {
    expect(
      faultsOf(withKey, {
        strategies: {
          Two: { weight: 1 },
          manual: { weight: 1 },
          a: { weight: -1 },
          b: { weight: 1, callShape: 'alone' },
          c: { weight: 1, effort: 'max' },
          d: { model: 'm' },
          e: { weight: 1, prompt: '1' },
        },
      }).sort(),
    ).toEqual([
      'AFTERWORD_CONFIG strategies.Two: as a name: expected a name of a strategy in kebab-case, other than "manual"',
      'AFTERWORD_CONFIG strategies.a.weight: expected at least 0',
      'AFTERWORD_CONFIG strategies.b.callShape: expected "together" or "separate"',
      'AFTERWORD_CONFIG strategies.c.effort: expected "low", "medium" or "high"',
      'AFTERWORD_CONFIG strategies.d.weight: expected a value of type number',
      'AFTERWORD_CONFIG strategies.e: "prompt" is not a setting, did you mean "prompts"?',
      'AFTERWORD_CONFIG strategies.manual: as a name: expected a name of a strategy in kebab-case, other than "manual"',
    ]);
  });

  it('are a prompt version that there is not, and weights that leave nobody', () => {
    expect(
      faultsOf(withKey, {
        strategies: { a: { weight: 0 }, b: { weight: 0 } },
        bots: { tia: { strategies: { c: { weight: 1, prompts: '7' } } }, ann: { strategies: {} } },
      }),
    ).toEqual([
      'AFTERWORD_CONFIG bots.tia.strategies.c.prompts: there is no such version of the built-in prompts, did you mean "1"? (there are 1; a directory begins with "./")',
      'AFTERWORD_CONFIG strategies: every weight is 0',
      'AFTERWORD_CONFIG bots.ann.strategies: names no strategy',
    ]);
  });

  it('are a directory that is not there, and an empty file in one', () => {
    const strategies = { gone: { weight: 1, prompts: './gone' }, blank: { weight: 1, prompts: './blank' } };
    expect(faultsWithPrompts({ strategies }, { 'team/blank/rules.md': ' \n' })).toEqual([
      '  AFTERWORD_CONFIG strategies.blank.prompts: rules.md of the directory is empty',
      '  AFTERWORD_CONFIG strategies.gone.prompts: there is no such directory, or it holds none of rules.md, facts.md, preferences.md, summary.md',
    ]);
  });

  it('are a file of prompts that cannot be read, told by its code', () => {
    const file = JSON.stringify({ strategies: { a: { weight: 1, prompts: './p' } } });
    const refuse = (path: string): string => {
      if (path === 'afterword.json') return file;
      throw Object.assign(new Error('EACCES: planted'), { code: 'EACCES' });
    };
    expect(() => loadConfig({ AFTERWORD_CONFIG: 'afterword.json' }, refuse)).toThrow(
      'strategies.a.prompts: rules.md of the directory could not be read (EACCES)',
    );
  });

  it('are models that a budget holds for and that have no price', () => {
    const faults = faultsOf(
      { ...withKey, BUDGET_USD_PER_DAY: '1' },
      {
        strategies: { a: { weight: 1, model: 'unheard-1' }, b: { weight: 0, model: 'unheard-2' } },
        bots: { tia: { strategies: { c: { weight: 1, model: 'unheard-3' } } } },
      },
    );
    expect(faults).toEqual([
      'AFTERWORD_CONFIG prices: no price is known for the model "unheard-1", which a budget needs',
      'AFTERWORD_CONFIG prices: no price is known for the model "unheard-3", which a budget needs',
    ]);
  });
});
