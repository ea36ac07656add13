import { format, inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';

const secret = new Secret('planted');

it('prints itself as [secret] by every way of printing', () => {
  const ways = [
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: null }),
    format('%s %o %O %j', secret, secret, secret, secret),
    String(secret),
    secret.toString(),
    ['', secret].join(''),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(Object.assign({}, secret)),
  ];
  expect(ways.join('\n')).not.toContain('planted');
  expect(String(secret)).toBe('[secret]');
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
});

it('gives its text when asked', () => {
  expect(secret.reveal()).toBe('planted');
});

it('matches its own text only, whatever the length', () => {
  expect(['planted', 'plante', 'planted ', ''].map((text) => secret.matches(text))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
