import { describe, expect, it } from 'vitest';

import { cut } from '../../src/sessions/cut.ts';
import { SettingsTimeline, type DatedSettings } from '../../src/sessions/settings-timeline.ts';

const roomy: DatedSettings = { effectiveFromMs: 0, gapMs: 10, maxMessages: 500, maxDurationMs: 1_000 };

interface Case {
  readonly name: string;
  readonly times: readonly number[];
  readonly ends?: readonly number[];
  readonly settings?: readonly Partial<DatedSettings>[];
  /** Each window as its times and its ending. */
  readonly expected: readonly (readonly [readonly number[], string | undefined])[];
}

const cases: readonly Case[] = [
  { name: 'makes no window of nothing', times: [], ends: [5], expected: [] },
  { name: 'leaves the last window open', times: [0, 5], expected: [[[0, 5], undefined]] },
  { name: 'keeps a message exactly one gap later', times: [0, 10], expected: [[[0, 10], undefined]] },
  {
    name: 'parts at a silence longer than the gap',
    times: [0, 11],
    expected: [
      [[0], 'gap'],
      [[11], undefined],
    ],
  },
  {
    name: 'parts at an end marker, after every message at its time',
    times: [0, 4, 4, 5],
    ends: [4],
    expected: [
      [[0, 4, 4], 'end'],
      [[5], undefined],
    ],
  },
  {
    name: 'ends the last window by a marker after it',
    times: [0, 4],
    ends: [30],
    expected: [[[0, 4], 'end']],
  },
  {
    name: 'disregards a marker before the first message',
    times: [5],
    ends: [4],
    expected: [[[5], undefined]],
  },
  {
    name: 'cuts a full window at its longest silence in the second half',
    times: [0, 1, 2, 7, 8],
    settings: [{ maxMessages: 4 }],
    expected: [
      [[0, 1, 2], 'full'],
      [[7, 8], undefined],
    ],
  },
  {
    name: 'cuts at the latest of equally long silences, the one before the exceeding message included',
    times: [0, 1, 2, 3, 4],
    settings: [{ maxMessages: 4 }],
    expected: [
      [[0, 1, 2, 3], 'full'],
      [[4], undefined],
    ],
  },
  {
    name: 'never looks for the silence in the first half',
    times: [0, 9, 10, 11, 12],
    settings: [{ maxMessages: 4 }],
    expected: [
      [[0, 9, 10, 11], 'full'],
      [[12], undefined],
    ],
  },
  {
    name: 'cuts an aged window',
    times: [0, 5, 10, 15],
    settings: [{ maxDurationMs: 12 }],
    expected: [
      [[0, 5, 10], 'aged'],
      [[15], undefined],
    ],
  },
  {
    name: 'grows past a cap sooner than part equal times',
    times: [0, 0, 0, 0, 1],
    settings: [{ maxMessages: 2 }],
    expected: [
      [[0, 0, 0, 0], 'full'],
      [[1], undefined],
    ],
  },
  {
    name: 'judges a silence by the gap in force at the later message',
    times: [0, 8, 20, 28],
    settings: [{}, { effectiveFromMs: 20, gapMs: 5 }],
    expected: [
      [[0, 8], 'gap'],
      [[20], 'gap'],
      [[28], undefined],
    ],
  },
  {
    name: 'judges caps by the settings at the first message',
    times: [0, 1, 2, 3, 4],
    settings: [{}, { effectiveFromMs: 2, maxMessages: 2 }],
    expected: [[[0, 1, 2, 3, 4], undefined]],
  },
];

describe('cutting', () => {
  it.each(cases)('$name', ({ times, ends = [], settings = [{}], expected }) => {
    const timeline = new SettingsTimeline(settings.map((entry) => ({ ...roomy, ...entry })));
    const windows = cut(times, ends, timeline);
    expect(windows.map(({ from, to, ending }) => [times.slice(from, to), ending])).toEqual(expected);
  });
});
