import {
  fewestPeople,
  type ComparedStrategy,
  type Comparison,
  type Difference,
  type Measured,
  type StrategyTally,
} from '../experiments/compare-strategies.ts';
import type { Interval } from '../experiments/intervals.ts';
import { measureNames, measures, type MeasureName, type Unit } from '../experiments/measures.ts';
import { toNanoUsd } from '../model/model-cost.ts';
import { dollars } from './format-money.ts';
import { alignColumns, printable } from './format-text.ts';

/** A column for each strategy, then what differs from the baseline, then what it means. */
export function formatExperiments(comparison: Comparison): string[] {
  const { baseline, strategies } = comparison;
  const others = strategies.filter(({ strategy }) => strategy !== baseline);
  const means =
    others.length === 0
      ? [`only ${baseline} has results: there is nothing to compare`]
      : others.map((other) => meaningOf(baseline, other));
  return [
    ...formatMeasures(strategies),
    ...others.flatMap((other) => ['', ...formatDifferences(comparison, other)]),
    '',
    ...means,
  ];
}

function formatMeasures(strategies: readonly ComparedStrategy[]): string[] {
  const row = (label: string, cellOf: (strategy: ComparedStrategy) => string): string[] => [
    label,
    ...strategies.map(cellOf),
  ];
  return alignColumns([
    row('', ({ strategy }) => printable(strategy)),
    row('windows', ({ windows }) => String(windows)),
    row('users', ({ people }) => String(people.filter(({ failures }) => failures.count > 0).length)),
    ...measureNames.map((name) =>
      row(measures[name].label, ({ measured }) => measuredCell(name, measured[name])),
    ),
    row('latency p50, p95', ({ latencyMs }) =>
      latencyMs === null ? '-' : `${written('ms', latencyMs.p50)}, ${written('ms', latencyMs.p95)}`,
    ),
  ]);
}

function measuredCell(name: MeasureName, measured: Measured | undefined): string {
  if (measured === undefined) return '-';
  const { unit } = measures[name];
  const mean = written(unit, measured.estimate.mean);
  return Number.isFinite(measured.interval.low)
    ? `${mean} ${between(unit, measured.interval, written)}`
    : mean;
}

function formatDifferences({ baseline, comparisons }: Comparison, other: ComparedStrategy): string[] {
  const rows = other.differences.flatMap((one) => {
    const { unit, label } = measures[one.measure];
    if (one.difference === undefined) return [];
    const interval = one.interval === undefined ? '-' : between(unit, one.interval, signed);
    return [[`  ${label}`, signed(unit, one.difference), interval, wordFor(one)]];
  });
  const widened = comparisons > 1 ? `, widened for ${comparisons} comparisons` : '';
  return [
    `${printable(other.strategy)} less ${printable(baseline)} [95 % together${widened}]`,
    ...alignColumns(rows),
  ];
}

type Word = 'better' | 'worse' | 'higher' | 'lower' | 'no difference' | 'too few users';

function wordFor({ measure, verdict }: Difference): Word {
  if (verdict === 'none') return 'no difference';
  if (verdict === 'too-few') return 'too few users';
  const { better } = measures[measure];
  if (better === 'neither') return verdict;
  return better === verdict ? 'better' : 'worse';
}

const sentences: readonly (readonly [Word, string])[] = [
  ['better', 'better in'],
  ['worse', 'worse in'],
  ['higher', 'higher in'],
  ['lower', 'lower in'],
  ['no difference', 'no difference in'],
  ['too few users', `too few users (under ${fewestPeople}) to judge`],
];

/** On one line, for who reads nothing else; of what only one of the two has windows, nothing is said. */
function meaningOf(baseline: string, { strategy, differences }: ComparedStrategy): string {
  const known = differences.filter(({ difference }) => difference !== undefined);
  const parts = sentences.flatMap(([word, words]) => {
    const named = known.filter((one) => wordFor(one) === word).map(({ measure }) => measures[measure].label);
    return named.length === 0 ? [] : [`${words} ${named.join(', ')}`];
  });
  return `${printable(strategy)} beside ${printable(baseline)}: ${parts.join('; ')}`;
}

/** What a reader has to know of the windows that were counted, and of those that were not. */
export function notesOnExperiments(tallies: readonly StrategyTally[]): string[] {
  const offline = tallies.reduce((sum, { offlineWindows }) => sum + offlineWindows, 0);
  const counted = tallies.filter(({ windows }) => windows > 0);
  const ofBots = new Set(counted.map(({ bots }) => [...bots].sort().join('\n')));
  return [
    ...(offline === 0 ? [] : [`${offline} windows with results by rules are not counted`]),
    ...counted
      .filter(({ models }) => models.length > 1)
      .map(
        ({ strategy, models }) =>
          `${printable(strategy)} has results of ${models.length} models (${models.map(printable).join(', ')}): both are counted as one`,
      ),
    ...(ofBots.size < 2
      ? []
      : ['these strategies were not given to the same bots: compare within one, with --bot']),
  ];
}

type Write = (unit: Unit, value: number) => string;

function between(unit: Unit, { low, high }: Interval, write: Write): string {
  return `[${write(unit, low)}, ${write(unit, high)}]`;
}

function signed(unit: Unit, value: number): string {
  const size = written(unit, Math.abs(value));
  if (value === 0) return size;
  return value < 0 ? `-${size}` : `+${size}`;
}

function written(unit: Unit, value: number): string {
  if (value < 0) return `-${written(unit, -value)}`;
  switch (unit) {
    case 'share':
      return `${(value * 100).toFixed(1)} %`;
    case 'ratio':
      return String(Number(value.toPrecision(3)));
    case 'count':
      return value < 10 ? String(Number(value.toPrecision(2))) : String(Math.round(value));
    case 'usd':
      return dollars(Math.round(toNanoUsd(value)));
    case 'ms':
      return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
  }
}
