import { expect, it } from 'vitest';
import { settingsForBot } from '../../src/config/settings-for-bot.ts';
import { configOf, faultsOf } from './config-files.ts';

const key = { ANTHROPIC_API_KEY: 'k' };
const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 5 };

it('refuses a budget for a model that has no price, and names model and setting', () => {
  expect(faultsOf({ ...key, AFTERWORD_MODEL: 'own-model', BUDGET_USD_PER_DAY: '5' })).toEqual([
    'AFTERWORD_CONFIG prices: no price is known for the model "own-model", which a budget needs',
  ]);
});

it('refuses it also for the model of a bot, and for a bot with a budget of its own', () => {
  const file = { bots: { tia: { model: 'own-model' }, hal: { budgetUsdPerDay: 1, model: 'other-model' } } };
  const fault = (model: string) =>
    `AFTERWORD_CONFIG prices: no price is known for the model "${model}", which a budget needs`;
  expect(faultsOf({ ...key, BUDGET_USD_PER_DAY: '5' }, file)).toEqual([
    fault('own-model'),
    fault('other-model'),
  ]);
  expect(faultsOf(key, file)).toEqual([fault('other-model')]);
});

it('takes a budget where the price is built in or set', () => {
  expect(configOf({ ...key, BUDGET_USD_PER_DAY: '5' }).extract.budgetUsdPerDay).toBe(5);
  const file = { model: 'own-model', budgetUsdPerDay: 5, prices: { own: price } };
  expect(configOf(key, file).extract.budgetUsdPerDay).toBe(5);
});

it('needs no price without a budget or without a key', () => {
  expect(configOf({ ...key, AFTERWORD_MODEL: 'own-model' }).extract.budgetUsdPerDay).toBeNull();
  expect(configOf({ AFTERWORD_MODEL: 'own-model', BUDGET_USD_PER_DAY: '5' }).extract.model).toBe('own-model');
});

it('gives a bot its own budget, and others none', () => {
  const config = configOf({}, { bots: { tia: { budgetUsdPerDay: 1.5 } } });
  expect(settingsForBot(config, 'tia').budgetUsdPerDay).toBe(1.5);
  expect(settingsForBot(config, 'ann').budgetUsdPerDay).toBeNull();
});
