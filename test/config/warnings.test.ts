import { expect, it } from 'vitest';
import { configOf } from './config-files.ts';

it.each([
  ['KAFKA_BROKER', 'KAFKA_BROKERS'],
  ['KAFKA_TOPIC_MESSAGES', 'KAFKA_MESSAGES_TOPIC'],
  ['kafka_brokers', 'KAFKA_BROKERS'],
  ['SESSION_GRACE_', 'SESSION_GRACE'],
  ['SESION_GAP', 'SESSION_GAP'],
  ['ANTHROPIC_APIKEY', 'ANTHROPIC_API_KEY'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['AFTERWORD_MODLE', 'AFTERWORD_MODEL'],
  ['KAFKA_BOOTSTRAP_SERVERS', 'KAFKA_BROKERS'],
])('takes %s for a misspelt %s', (name, meant) => {
  expect(configOf({ [name]: 'planted' }).warnings).toEqual([`${name} is not read; did you mean ${meant}?`]);
});

it.each([
  'HTTP_PROXY',
  'SESSION_MANAGER',
  'KAFKA_OPTS',
  'KAFKA_HEAP_OPTS',
  'PATH',
  'HOME',
  'LOGNAME',
  'NODE_ENV',
])('takes %s for somebody else’s', (name) => {
  expect(configOf({ [name]: 'x' }).warnings).toEqual([]);
});

it('tells of an unknown variable of our own even when nothing is near', () => {
  expect(configOf({ AFTERWORD_FLAVOUR: 'x' }).warnings).toEqual([
    'AFTERWORD_FLAVOUR is not read: there is no such setting',
  ]);
});

it('does not suggest a name that is set as well', () => {
  expect(configOf({ KAFKA_BROKER: 'b:1', KAFKA_BROKERS: 'b:1' }).warnings).toEqual([]);
});

it('tells of settings that have no effect', () => {
  expect(configOf({ QDRANT_API_KEY: 'k', BUDGET_USD_PER_DAY: '5' }).warnings).toEqual([
    'QDRANT_API_KEY has no effect: QDRANT_URL is unset, so vectors are kept in Postgres',
    'BUDGET_USD_PER_DAY has no effect: ANTHROPIC_API_KEY is unset, so the offline analyser is used',
  ]);
});

it('tells of passwords in the clear and of brokers that anybody can pose as', () => {
  const login = { KAFKA_BROKERS: 'b:9092', KAFKA_SASL_USERNAME: 'a', KAFKA_SASL_PASSWORD: 'b' };
  expect(configOf(login).warnings).toHaveLength(1);
  expect(configOf({ ...login, KAFKA_SSL: 'true' }).warnings).toEqual([]);
  expect(configOf({ ...login, KAFKA_SSL_REJECT_UNAUTHORIZED: 'false' }).warnings).toEqual([
    'KAFKA_SSL_REJECT_UNAUTHORIZED is `false`: anybody can pose as the broker',
  ]);
});
