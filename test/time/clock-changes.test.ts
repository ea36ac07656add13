import { expect, it } from 'vitest';

import { parseSentAt } from '../../src/consume/sent-at.ts';
import { cut } from '../../src/sessions/cut.ts';
import { SettingsTimeline, type DatedSettings } from '../../src/sessions/settings-timeline.ts';

const settings: DatedSettings = {
  effectiveFromMs: -8_640_000_000_000_000,
  gapMs: 30 * 60_000,
  maxMessages: 500,
  maxDurationMs: 12 * 3_600_000,
};

/** The windows of messages with these times, each as the times of its members. */
function windowsOf(texts: readonly string[], changes: Partial<DatedSettings> = {}): string[][] {
  const sent = texts.map((text) => {
    const parsed = parseSentAt(text);
    if (!parsed.ok) throw new Error(`${text}: ${parsed.fault}`);
    return { text, atMs: parsed.atMs };
  });
  sent.sort((a, b) => a.atMs - b.atMs);
  const timeline = new SettingsTimeline([{ ...settings, ...changes }]);
  const times = sent.map(({ atMs }) => atMs);
  return cut(times, [], timeline).map(({ from, to }) => sent.slice(from, to).map(({ text }) => text));
}

// Platforms that show local times send them with the offset of the moment.
it.each([
  {
    name: 'twenty minutes in spring, though the clock shows eighty',
    texts: ['2026-03-08T01:50:00-08:00', '2026-03-08T03:10:00-07:00'],
    windows: 1,
  },
  {
    name: 'exactly one gap over the leap in spring',
    texts: ['2026-03-08T01:45:00-08:00', '2026-03-08T03:15:00-07:00'],
    windows: 1,
  },
  {
    name: 'a millisecond more than a gap over the leap in spring',
    texts: ['2026-03-08T01:45:00-08:00', '2026-03-08T03:15:00.001-07:00'],
    windows: 2,
  },
  {
    name: 'twenty minutes in autumn, though the clock shows forty less',
    texts: ['2026-11-01T01:50:00-07:00', '2026-11-01T01:10:00-08:00'],
    windows: 1,
  },
  {
    name: 'an hour in autumn, though the clock shows the same time twice',
    texts: ['2026-11-01T01:10:00-07:00', '2026-11-01T01:10:00-08:00'],
    windows: 2,
  },
  {
    name: 'twenty minutes over the end of summer on the Chatham Islands',
    texts: ['2026-04-05T03:35:00+13:45', '2026-04-05T02:55:00+12:45'],
    windows: 1,
  },
])('parts conversations by what has passed, not by what clocks show: $name', ({ texts, windows }) => {
  const found = windowsOf([...texts].reverse());
  expect(found).toHaveLength(windows);
  expect(found.flat()).toEqual(texts);
});

it('takes a leap second and the second after it for one instant, which no cap parts', () => {
  const texts = ['2016-12-31T23:59:59Z', '2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'];
  expect(windowsOf(texts)).toEqual([texts]);
  expect(windowsOf(texts, { maxMessages: 2 })).toEqual([texts.slice(0, 1), texts.slice(1)]);
});

it.each([
  ['2017-01-01T00:30:00Z', 1],
  ['2017-01-01T00:30:00.001Z', 2],
])('counts a gap that begins with a leap second from the next instant: %s', (later, windows) => {
  expect(windowsOf(['2016-12-31T23:59:60Z', later])).toHaveLength(windows);
});
