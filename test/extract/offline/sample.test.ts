import { expect, it } from 'vitest';
import { offlineFacts } from '../../../src/extract/offline/facts.ts';
import { offlinePreferences } from '../../../src/extract/offline/preferences.ts';
import { offlineSummary } from '../../../src/extract/offline/summary.ts';
import { factsStage } from '../../../src/extract/stages/facts.ts';
import { preferencesStage } from '../../../src/extract/stages/preferences.ts';
import { summaryStage } from '../../../src/extract/stages/summary.ts';
import { drawSample, readJudged, sampleFacts, sampleWindows } from './sample-windows.ts';

const windows = sampleWindows();

it('learns at least a hundred facts from the sample, and the checks refuse none of them', () => {
  const checked = windows.map((window) => factsStage.check(offlineFacts(window), window));
  expect(windows).toHaveLength(149);
  expect(checked.map(({ rejected }) => rejected).filter((counts) => Object.keys(counts).length > 0)).toEqual(
    [],
  );
  expect(checked.flatMap(({ result }) => result.facts).length).toBeGreaterThanOrEqual(300);
});

it('cites words that stand in the line cited, the user being one who said them', () => {
  for (const window of windows) {
    const lines = new Map(window.lines.map((line) => [line.number, line.message]));
    for (const { evidence } of offlineFacts(window).facts) {
      expect(evidence.some(({ line }) => lines.get(line)?.role === 'user')).toBe(true);
      for (const { line, quote } of evidence) expect(lines.get(line)?.content).toContain(quote);
    }
  }
});

it('finds the names and nicknames that were told', () => {
  const names = windows.flatMap((window) =>
    preferencesStage
      .check(offlinePreferences(window), window)
      .result.preferences.filter(({ key }) => key === 'preferred_name')
      .map(({ value, explicit }) => `${window.userId} ${value}${explicit ? ' asked for' : ''}`),
  );
  expect(names).toContain('luna Lulu asked for');
  expect(names).toContain('gary Gary');
});

it('sums every window up within a seventh of its length, or in one short sentence', () => {
  for (const window of windows) {
    const {
      summary_text: text,
      compression_ratio: ratio,
      key_topics,
    } = summaryStage.check(offlineSummary(window), window).result;
    expect(key_topics.length).toBeGreaterThanOrEqual(2);
    expect(ratio).toBeLessThan(1);
    if (text.length > 120) expect(ratio).toBeLessThanOrEqual(0.15);
  }
});

it('still says today what was judged: a changed analyser needs its sample judged again', () => {
  const { seed, facts } = readJudged();
  const drawn = drawSample(sampleFacts(), facts.length, seed);
  expect(facts).toHaveLength(100);
  const judged = facts.map(({ verdict, why }, index) => ({ ...drawn[index], verdict, why }));
  expect(facts).toEqual(judged);
});

it('was right in at least ninety of the hundred facts judged', () => {
  const { facts } = readJudged();
  expect(facts.every(({ verdict, why }) => /^(?:right|wrong)$/.test(verdict) && why !== '')).toBe(true);
  expect(facts.filter(({ verdict }) => verdict === 'right').length).toBeGreaterThanOrEqual(90);
});
