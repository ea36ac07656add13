import { expect, it } from 'vitest';
import { environmentWithDotenv } from '../../src/config/dotenv-file.ts';
import { filesOf, noFiles } from './config-files.ts';

const withFile = filesOf({
  '.env': '# ours\nSESSION_GAP=20m\nexport HTTP_TOKEN="to ken"\nKAFKA_BROKERS=b:9092\n',
});

it('adds what the file sets', () => {
  expect(environmentWithDotenv({ HOME: '/root' }, withFile)).toEqual({
    HOME: '/root',
    SESSION_GAP: '20m',
    HTTP_TOKEN: 'to ken',
    KAFKA_BROKERS: 'b:9092',
  });
});

it('lets the environment win, the empty text included', () => {
  const environment = environmentWithDotenv(
    { SESSION_GAP: '5m', KAFKA_BROKERS: '', HTTP_TOKEN: undefined },
    withFile,
  );
  expect(environment).toEqual({ SESSION_GAP: '5m', KAFKA_BROKERS: '', HTTP_TOKEN: 'to ken' });
});

it('takes a missing file for none', () => {
  expect(environmentWithDotenv({ A: 'b' }, noFiles)).toEqual({ A: 'b' });
});

it('refuses a file that is there and cannot be read', () => {
  const refused = (): string => {
    throw Object.assign(new Error('planted'), { code: 'EACCES' });
  };
  expect(() => environmentWithDotenv({}, refused)).toThrow('.env: the file could not be read (EACCES)');
});
