import { expect, it } from 'vitest';
import { describeBot, describeConfig } from '../../src/config/describe-config.ts';
import { variableNames } from '../../src/config/variables.ts';
import { configOf } from './config-files.ts';

it('names every setting, its value and where that came from', () => {
  const text = describeConfig(
    configOf({ SESSION_GAP: '90s', SESSION_GRACE: '1s' }, { session: { maxMessages: 9 } }),
  );
  expect(variableNames.filter((name) => !text.includes(`  ${name}`))).toEqual([]);
  expect(text).toContain('  SESSION_GAP=90s (environment)\n');
  expect(text).toContain('  SESSION_MAX_MESSAGES=9 (file)\n');
  expect(text).toContain('  SESSION_MAX_DURATION=12h (default)\n');
  expect(text).toContain('  KAFKA_BROKERS unset: the embedded log\n');
});

it('masks secrets and keeps what is of use', () => {
  const text = describeConfig(
    configOf({
      DATABASE_URL: 'postgres://ann:planted@db:5432/memory?sslmode=require&sslkey=planted',
      ANTHROPIC_API_KEY: 'planted',
      HTTP_TOKEN: 'planted',
      KAFKA_SSL_CERT: '-----BEGIN planted',
      KAFKA_SSL_KEY: '-----BEGIN planted',
    }),
  );
  expect(text).not.toContain('planted');
  expect(text).toContain(
    'DATABASE_URL=postgres://ann:[secret]@db:5432/memory?sslmode=require&sslkey=[secret]',
  );
  expect(text).toContain('ANTHROPIC_API_KEY=[secret] (environment)');
});

it('tells what holds for one bot', () => {
  const config = configOf({}, { bots: { tia: { gap: '1h', stages: { facts: { minMessages: 3 } } } } });
  expect(describeBot(config, 'tia')).toBe(
    [
      'Bot tia',
      '  gap 1h, grace 10s, maxDuration 12h, at most 500 messages',
      '  model claude-haiku-5-5',
      '  strategy default: 100 % of users (weight 1, prompts version 1)',
      '  stage summary: on, from its own number of messages',
      '  stage facts: on, from 3 messages',
      '  stage preferences: on, from its own number of messages',
    ].join('\n'),
  );
});
