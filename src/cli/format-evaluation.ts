import type { Evaluation } from '../evaluate/evaluation.ts';
import type { ConversationScore } from '../evaluate/score-conversation.ts';
import { f1Of, precisionOf, recallOf, shareOf, type Tally } from '../evaluate/tally.ts';
import type { FactResult, PreferenceResult } from '../model/results.ts';
import { alignColumns, printable } from './format-text.ts';

/** Totals first, then what was missed and what came beyond the labels, each with its ids. */
export function formatEvaluation(evaluation: Evaluation, scores: readonly ConversationScore[]): string[] {
  const { conversations, exhaustive } = evaluation;
  return [
    `${conversations} conversations, ${exhaustive} of them with exhaustive labels: precision is counted over those only`,
    ...table(evaluation),
    ...formatTopics(evaluation),
    ...formatTone(evaluation),
    formatQuotes(evaluation),
    ...formatCounts('refused by the checks', evaluation.rejected),
    ...formatCounts('stages', evaluation.ends),
    ...formatUsage(evaluation),
    ...listed('missed', scores.flatMap(missesOf)),
    ...listed('beyond the labels (? labels are not exhaustive)', scores.flatMap(extrasOf)),
  ];
}

const head = ['', 'expected', 'hit', 'recall', 'judged', 'right', 'precision', 'F1'];

function table({ facts, preferences }: Evaluation): string[] {
  const rows = [
    ...(facts === undefined ? [] : section('facts', facts.byFamily, facts.total)),
    ...(preferences === undefined ? [] : section('preferences', preferences.byKey, preferences.total)),
  ];
  return rows.length === 0 ? [] : ['', ...alignColumns([head, ...rows])];
}

function section(name: string, rows: ReadonlyMap<string, Tally>, total: Tally): string[][] {
  return [toCells(name, total), ...[...rows].map(([row, tally]) => toCells(`  ${row}`, tally))];
}

function toCells(name: string, tally: Tally): string[] {
  const { expected, hit, judged, right } = tally;
  const counts = [expected, hit].map(String);
  return [
    name,
    ...counts,
    share(recallOf(tally)),
    ...[judged, right].map(String),
    share(precisionOf(tally)),
    share(f1Of(tally)),
  ];
}

function share(value: number | null): string {
  return value === null ? '-' : value.toFixed(2);
}

function formatTopics({ topics }: Evaluation): string[] {
  if (topics === undefined) return [];
  const { hit, expected, summaries } = topics;
  return [
    '',
    `topics: ${hit} of ${expected} named (${share(shareOf(hit, expected))}), in ${summaries} summaries`,
  ];
}

function formatTone({ tone }: Evaluation): string[] {
  if (tone === undefined) return [];
  const rows = [...tone.confusion].map(([allowed, found]) => {
    const counts = [...found].map(([name, count]) => `${name} ${count}`);
    return `  ${allowed}: found ${counts.join(', ')}`;
  });
  return [
    `tone: ${tone.right} of ${tone.labelled} as labelled (${share(shareOf(tone.right, tone.labelled))})`,
    ...rows,
  ];
}

function formatQuotes({ quotes }: Evaluation): string {
  const { verbatim, quotes: all } = quotes;
  return `grounding: ${verbatim} of ${all} quotes stand verbatim in the message cited (${share(shareOf(verbatim, all))})`;
}

function formatCounts(name: string, counts: ReadonlyMap<string, number>): string[] {
  if (counts.size === 0) return [];
  return [`${name}: ${[...counts].map(([reason, count]) => `${reason} ${count}`).join(', ')}`];
}

function formatUsage({ usage }: Evaluation): string[] {
  if (usage.calls === 0) return [];
  const { calls, input_tokens: input, cached_input_tokens: cached, output_tokens: output } = usage;
  return [`model: ${calls} calls, ${input} input tokens, ${cached} cached ones, ${output} output tokens`];
}

function listed(name: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0
    ? []
    : ['', `${name}: ${rows.length}`, ...alignColumns(rows).map((row) => `  ${row}`)];
}

function missesOf({ conversation, facts, preferences, topics }: ConversationScore): string[][] {
  const id = printable(conversation.id);
  return [
    ...(facts?.misses ?? []).map(({ relations, entity, evidence }) => [
      id,
      relations.join('|'),
      printable(entity.join(' | ')),
      printable(evidence.join(' ')),
    ]),
    ...(preferences?.misses ?? []).map(({ key, value, evidence }) => [
      id,
      key,
      printable(value.join(' | ')),
      printable(evidence.join(' ')),
    ]),
    ...(topics?.misses ?? []).map((wordings) => [id, 'topic', printable(wordings.join(' | '))]),
  ];
}

function extrasOf({ conversation, facts, preferences }: ConversationScore): string[][] {
  const mark = conversation.exhaustive ? '' : '? ';
  const found = [...(facts?.extras ?? []), ...(preferences?.extras ?? [])];
  return found.map((item) => [
    `${mark}${printable(conversation.id)}`,
    ...wordsOf(item).map(printable),
    item.evidence.map(({ message_id: id, quote }) => printable(`${id} "${quote}"`)).join(' '),
  ]);
}

function wordsOf(item: FactResult | PreferenceResult): [string, string] {
  if ('key' in item) return [item.key, item.value];
  const relation = item.predicate ?? item.relation;
  return [item.polarity === 'negative' ? `not ${relation}` : relation, item.entity_name];
}
