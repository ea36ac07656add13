import { expect, it } from 'vitest';
import { summarizeReadiness, withoutReasons } from '../../src/serve/readiness.ts';

const database = { name: 'database', ok: true } as const;
const topic = { name: 'topic', ok: false, reason: 'TOPIC_MISSING', hint: 'Make it.' } as const;

it('is ready when every check holds, and with no check at all', () => {
  expect(summarizeReadiness([database], false)).toEqual({ ready: true, checks: [database] });
  expect(summarizeReadiness([], false)).toEqual({ ready: true, checks: [] });
});

it('is not ready when one fails, and tells that one first', () => {
  expect(summarizeReadiness([database, topic], false)).toEqual({ ready: false, checks: [topic, database] });
});

it('is not ready while the process stops, whatever the checks say', () => {
  const report = summarizeReadiness([database], true);
  expect(report.ready).toBe(false);
  expect(report.checks[0]).toEqual({ name: 'process', ok: false, reason: 'stopping' });
});

it('gives the same order whatever order the checks came in', () => {
  const names = ['b', 'a', 'c'].map((name) => ({ name, ok: true }) as const);
  expect(summarizeReadiness(names, false)).toEqual(summarizeReadiness([...names].reverse(), false));
});

it('can leave reasons and hints out', () => {
  expect(withoutReasons(summarizeReadiness([topic], false))).toEqual({
    ready: false,
    checks: [{ name: 'topic', ok: false }],
  });
});
