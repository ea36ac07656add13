import { expect, it } from 'vitest';
import { fragmentsOf, fragmentsOfEscaped } from './text-fragments.ts';

const text = 'I keep my grandmother’s “harpsichord” in the hall';

it('recognises any part of twelve characters, however it is cut, quoted and escaped', () => {
  const own = new Set(fragmentsOf(text));
  const log = JSON.stringify({ error: JSON.stringify({ quote: `x\n${text.slice(2, 30)}…` }) });
  expect([...fragmentsOfEscaped(log)].some((fragment) => own.has(fragment))).toBe(true);
});

it('takes one word for a trace only where it is long', () => {
  expect([...fragmentsOf('configuration')]).toEqual([]);
  expect([...fragmentsOf('Zanzibarmoonflower')]).toEqual(['zanzibarmoonflower']);
  expect([...fragmentsOf('ann lives in Porto')]).toEqual(['ann lives in', 'lives in porto']);
});

it('finds nothing in what merely shares words', () => {
  const own = new Set(fragmentsOf(text));
  expect([...fragmentsOf('The hall of my own')].some((fragment) => own.has(fragment))).toBe(false);
});
