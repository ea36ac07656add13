import type { StageOutcome } from '../extract/stage.ts';
import { addUsage } from '../extract/usage.ts';
import { familyOf } from '../memory/relation-rules.ts';
import { noUsage, type Relation, type Usage } from '../model/results.ts';
import type { ConversationScore, QuoteScore } from './score-conversation.ts';
import { addTallies, emptyTally, type Tally } from './tally.ts';

/** All scores of one run added up. Undefined: that stage was not run. */
export interface Evaluation {
  readonly conversations: number;
  readonly exhaustive: number;
  readonly facts: { readonly byFamily: ReadonlyMap<string, Tally>; readonly total: Tally } | undefined;
  readonly preferences: { readonly byKey: ReadonlyMap<string, Tally>; readonly total: Tally } | undefined;
  readonly topics:
    { readonly expected: number; readonly hit: number; readonly summaries: number } | undefined;
  readonly tone: ToneCounts | undefined;
  readonly quotes: QuoteScore;
  readonly rejected: Counts;
  /** How stages ended: "facts done", "summary skipped (too-few-messages)". */
  readonly ends: Counts;
  readonly usage: Usage;
}

export type Counts = ReadonlyMap<string, number>;

export interface ToneCounts {
  readonly labelled: number;
  readonly right: number;
  /** By what is allowed, then by what was found. */
  readonly confusion: ReadonlyMap<string, Counts>;
}

export function addUp(scores: readonly ConversationScore[]): Evaluation {
  const outcomes = scores.flatMap((score) => score.outcomes);
  const facts = scores.some((score) => score.facts !== undefined);
  const preferences = scores.some((score) => score.preferences !== undefined);
  const byFamily = sumBy(scores.flatMap(factTallies));
  const byKey = sumBy(scores.flatMap(preferenceTallies));
  return {
    conversations: scores.length,
    exhaustive: scores.filter(({ conversation }) => conversation.exhaustive).length,
    facts: facts ? { byFamily, total: totalOf(byFamily) } : undefined,
    preferences: preferences ? { byKey, total: totalOf(byKey) } : undefined,
    topics: topicCounts(scores),
    tone: toneCounts(scores),
    quotes: {
      quotes: sum(scores.map((score) => score.quotes.quotes)),
      verbatim: sum(scores.map((score) => score.quotes.verbatim)),
    },
    rejected: countAll(outcomes.flatMap(rejectionsOf)),
    ends: countAll(outcomes.map((outcome) => [endOf(outcome), 1])),
    usage: outcomes.reduce(
      (usage, outcome) => (outcome.status === 'skipped' ? usage : addUsage(usage, outcome.usage)),
      noUsage,
    ),
  };
}

type Named<Value> = readonly [name: string, value: Value];

/** A label counts in the row of its first relation, whatever allowed relation met it. */
function rowOf(relations: readonly Relation[]): string {
  return familyOf(relations[0] ?? 'other');
}

function factTallies({ facts, conversation }: ConversationScore): Named<Tally>[] {
  if (facts === undefined) return [];
  const judged = conversation.exhaustive ? 1 : 0;
  return [
    ...facts.hits.map(({ label }): Named<Tally> => [
      rowOf(label.relations),
      hitTally(label.optional, judged),
    ]),
    ...facts.misses.map((label): Named<Tally> => [rowOf(label.relations), missTally]),
    ...facts.extras.map((fact): Named<Tally> => [familyOf(fact.relation), { ...emptyTally, judged }]),
  ];
}

function preferenceTallies({ preferences, conversation }: ConversationScore): Named<Tally>[] {
  if (preferences === undefined) return [];
  const judged = conversation.exhaustive ? 1 : 0;
  return [
    ...preferences.hits.map(({ label }): Named<Tally> => [label.key, hitTally(label.optional, judged)]),
    ...preferences.misses.map((label): Named<Tally> => [label.key, missTally]),
    ...preferences.extras.map((found): Named<Tally> => [found.key, { ...emptyTally, judged }]),
  ];
}

const missTally: Tally = { ...emptyTally, expected: 1 };

function hitTally(optional: boolean, judged: number): Tally {
  const wanted = optional ? 0 : 1;
  return { expected: wanted, hit: wanted, judged, right: judged };
}

function sumBy(tallies: readonly Named<Tally>[]): ReadonlyMap<string, Tally> {
  const rows = new Map<string, Tally>();
  for (const [name, tally] of tallies) rows.set(name, addTallies(rows.get(name) ?? emptyTally, tally));
  // The most expected first, ties by name: the same file gives the same report.
  return new Map([...rows].sort(([a, x], [b, y]) => y.expected - x.expected || (a < b ? -1 : 1)));
}

function totalOf(rows: ReadonlyMap<string, Tally>): Tally {
  return [...rows.values()].reduce(addTallies, emptyTally);
}

function topicCounts(scores: readonly ConversationScore[]): Evaluation['topics'] {
  const scored = scores.flatMap(({ topics }) => (topics === undefined ? [] : [topics]));
  if (scored.length === 0) return undefined;
  const hit = sum(scored.map(({ hits }) => hits));
  return { hit, expected: hit + sum(scored.map(({ misses }) => misses.length)), summaries: scored.length };
}

function toneCounts(scores: readonly ConversationScore[]): ToneCounts | undefined {
  const tones = scores.flatMap(({ tone }) => (tone === undefined ? [] : [tone]));
  if (tones.length === 0) return undefined;
  const confusion = new Map<string, Map<string, number>>();
  for (const { allowed, found } of tones) {
    const name = [...allowed].sort().join(' or ');
    const row = confusion.get(name) ?? new Map<string, number>();
    confusion.set(name, row.set(found, (row.get(found) ?? 0) + 1));
  }
  const right = tones.filter(({ allowed, found }) => allowed.includes(found)).length;
  return { labelled: tones.length, right, confusion: new Map([...confusion].sort(byName)) };
}

function rejectionsOf(outcome: StageOutcome): Named<number>[] {
  if (outcome.status !== 'done') return [];
  return Object.entries(outcome.rejected).map(([reason, count]) => [`${outcome.stage} ${reason}`, count]);
}

function endOf(outcome: StageOutcome): string {
  const named = `${outcome.stage} ${outcome.status}`;
  if (outcome.status === 'skipped') return `${named} (${outcome.reason})`;
  return outcome.status === 'failed' ? `${named} (${outcome.errorCode})` : named;
}

function countAll(counts: readonly Named<number>[]): Counts {
  const all = new Map<string, number>();
  for (const [name, count] of counts) all.set(name, (all.get(name) ?? 0) + count);
  return new Map([...all].sort(byName));
}

function byName([a]: Named<unknown>, [b]: Named<unknown>): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
