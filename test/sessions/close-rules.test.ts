import { describe, expect, it } from 'vitest';

import { effectiveTimeMs, judgeWindow } from '../../src/sessions/close-rules.ts';

/** Joinable until 1,100; last touched at wall time 5,000; grace 10. */
const window = { joinableUntilMs: 1_100, touchedAtMs: 5_000, graceMs: 10 };

describe('whether an open window is over', () => {
  it.each([
    ['waits while stream time is within the gap', 1_050, undefined, { kind: 'wait', checkAtMs: 1_100 }],
    [
      'waits at exactly one gap: such a message still belongs',
      1_100,
      undefined,
      { kind: 'wait', checkAtMs: 1_100 },
    ],
    ['waits at exactly one gap by the clock too', 1_000, 1_100, { kind: 'wait', checkAtMs: 1_100 }],
    [
      'is due when stream time has passed the gap',
      1_101,
      undefined,
      { kind: 'due', reason: 'stream-time', checkAtMs: 5_010 },
    ],
    ['is due by the clock when caught up', 1_000, 1_101, { kind: 'due', reason: 'idle', checkAtMs: 5_010 }],
    [
      'names stream time when both have passed',
      1_101,
      9_000,
      { kind: 'due', reason: 'stream-time', checkAtMs: 5_010 },
    ],
    ['is never over by the clock of a lagging consumer', 900, undefined, { kind: 'wait', checkAtMs: 1_100 }],
  ])('%s', (_name, streamTimeMs, wallMs, verdict) => {
    expect(judgeWindow(window, { streamTimeMs, wallMs })).toEqual(verdict);
  });
});

describe('how far a partition has come', () => {
  it('is its stream time while it lags, else the later of stream time and clock', () => {
    expect(effectiveTimeMs({ streamTimeMs: 10, wallMs: undefined })).toBe(10);
    expect(effectiveTimeMs({ streamTimeMs: 10, wallMs: 20 })).toBe(20);
    expect(effectiveTimeMs({ streamTimeMs: 30, wallMs: 20 })).toBe(30);
  });
});
