import { describe, expect, it } from 'vitest';

import { eventTime } from '../../src/consume/plan-batch.ts';
import type { RunConfiguration, SettingsEntry, SettingsStanding } from '../../src/model/run-settings.ts';
import {
  allowedSkewMs,
  earliestChangeMs,
  planSettingsChange,
  settlingMs,
} from '../../src/sessions/plan-settings-change.ts';

const minuteMs = 60_000;
const nowMs = Date.UTC(2026, 2, 1, 10);

function configuration(
  gapMinutes: number,
  extraction: RunConfiguration['extraction'] = {},
): RunConfiguration {
  return {
    settings: {
      gapMs: gapMinutes * minuteMs,
      maxMessages: 500,
      maxDurationMs: 720 * minuteMs,
      sessionKey: 'bot,user',
      bots: {},
    },
    extraction,
  };
}

function entry(fromMs: number, gapMinutes: number): SettingsEntry {
  return { fromMs, appliedAtMs: 0, settings: configuration(gapMinutes).settings };
}

const beginning = entry(-8_640_000_000_000_000, 30);

function standing(...planned: SettingsEntry[]): SettingsStanding {
  return { runId: 1, entries: [beginning, ...planned], extraction: {}, nowMs, newestEventMs: null };
}

const soon = { atMs: undefined, replaces: false };

describe('when a change of settings may begin', () => {
  it('is later than any time that a message may have now, and leaves time to commit', () => {
    expect(earliestChangeMs(standing())).toBe(nowMs + allowedSkewMs + settlingMs);
    // The skew is the one that messages are clamped by.
    expect(eventTime(nowMs + allowedSkewMs, nowMs, nowMs).clamped).toBe(false);
    expect(eventTime(nowMs + allowedSkewMs + 1, nowMs, nowMs).clamped).toBe(true);
  });

  it('is later than every message that was stored before the clock went back', () => {
    const newestEventMs = nowMs + 3_600_000;
    expect(earliestChangeMs({ ...standing(), newestEventMs })).toBe(newestEventMs + 1_000);
  });
});

describe('planning a change of settings', () => {
  it('dates it as early as is safe when no date is asked for', () => {
    const { entry: planned, replaced } = planSettingsChange(standing(), configuration(10), soon);
    expect(planned).toEqual({ fromMs: earliestChangeMs(standing()), settings: configuration(10).settings });
    expect(replaced).toEqual([]);
  });

  it('takes a date in the future, and refuses one that would cut the past anew', () => {
    const atMs = nowMs + 86_400_000;
    expect(planSettingsChange(standing(), configuration(10), { ...soon, atMs }).entry?.fromMs).toBe(atMs);
    expect(() => planSettingsChange(standing(), configuration(10), { ...soon, atMs: nowMs })).toThrow(
      /the earliest is 2026-03-01T10:06:00.000Z/,
    );
  });

  it('plans nothing when the configuration holds already, or will by a planned change', () => {
    expect(planSettingsChange(standing(), configuration(30), soon).entry).toBeUndefined();
    const planned = standing(entry(nowMs + 86_400_000, 10));
    expect(planSettingsChange(planned, configuration(10), soon).entry).toBeUndefined();
  });

  it('asks before it takes back what is planned for later', () => {
    const later = entry(nowMs + 86_400_000, 10);
    expect(() => planSettingsChange(standing(later), configuration(5), soon)).toThrow(/are planned from/);
    const change = planSettingsChange(standing(later), configuration(5), { ...soon, replaces: true });
    expect(change.replaced).toEqual([later]);
    expect(change.entry?.settings.gapMs).toBe(5 * minuteMs);
  });

  it('never takes back what has been in force', () => {
    const before = entry(nowMs - 1, 10);
    const change = planSettingsChange(standing(before), configuration(5), { ...soon, replaces: true });
    expect(change.replaced).toEqual([]);
  });

  it('refuses another session key', () => {
    const { settings, extraction } = configuration(30);
    const other = { settings: { ...settings, sessionKey: 'bot,user,channel' as const }, extraction };
    expect(() => planSettingsChange(standing(), other, soon)).toThrow(/SESSION_KEY is bot,user in this run/);
  });

  it('records other extraction settings without a new entry', () => {
    const change = planSettingsChange(standing(), configuration(30, { AFTERWORD_MODEL: 'm' }), soon);
    expect(change).toEqual({ entry: undefined, replaced: [], recordsExtraction: true });
    expect(planSettingsChange(standing(), configuration(30), soon).recordsExtraction).toBe(false);
  });
});
