import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { openEvaluationStages } from '../../src/cli/evaluation-stages.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { evaluateConversations } from '../../src/evaluate/evaluate-conversations.ts';
import { addUp, type Evaluation } from '../../src/evaluate/evaluation.ts';
import { readLabelledFile } from '../../src/evaluate/read-labelled-file.ts';
import type { ConversationScore } from '../../src/evaluate/score-conversation.ts';
import { familyOf } from '../../src/memory/relation-rules.ts';
import type { Relation } from '../../src/model/results.ts';
import { drawSample, readJudged } from '../extract/offline/sample-windows.ts';
import { judgedTable } from './judged-table.ts';

const conversations = readLabelledFile(
  readFileSync(new URL('../fixtures/labelled-chats.jsonl', import.meta.url), 'utf8'),
);
const page = readFileSync(new URL('../../docs/QUALITY.md', import.meta.url), 'utf8');
const words = page.replaceAll('*', '').replace(/\s+/gu, ' ');

let scores: readonly ConversationScore[] = [];
beforeAll(async () => {
  const { signal } = new AbortController();
  const config = loadConfig({}, () => '');
  const stages = await openEvaluationStages({
    config,
    ownStages: [],
    offline: true,
    model: undefined,
    stageNames: undefined,
    signal,
  });
  scores = await evaluateConversations({
    conversations,
    runStages: ({ transcript }) => stages.run(transcript),
    concurrency: 1,
    onScored: () => undefined,
    signal,
  });
}, 300_000);

const evaluationOf = (half: string): Evaluation =>
  addUp(scores.filter(({ conversation }) => conversation.half === half));

it.each(['tuned', 'untouched'])(
  'docs/QUALITY.md says of the %s half what the analyser does today: else measure again and write it there',
  (half) => {
    const { facts, quotes, conversations: count, rejected } = evaluationOf(half);
    const { expected = 0, hit = 0, judged = 0, right = 0 } = facts?.total ?? {};
    const recall = (hit / expected).toFixed(2);
    const row = page
      .split('\n')
      .find((line) => line.startsWith(`| ${half} half | ${String(count)} |`))
      ?.replaceAll('*', '');
    expect(row).toContain(`| ${String(expected)} | ${String(hit)} | ${recall} |`);
    expect(row).toContain(`${String(right)} of ${String(judged)}: ${(right / judged).toFixed(2)}`);
    expect(quotes.verbatim).toBe(quotes.quotes);
    expect([...rejected]).toEqual([]);
  },
);

it('docs/QUALITY.md says how many labelled topics and tones are met today', () => {
  const [tuned, untouched] = ['tuned', 'untouched'].map(evaluationOf);
  const topics = (evaluation?: Evaluation): string =>
    `${String(evaluation?.topics?.hit)} of ${String(evaluation?.topics?.expected)}`;
  const tone = (evaluation?: Evaluation): string =>
    `${String(evaluation?.tone?.right)} of ${String(evaluation?.tone?.labelled)}`;
  expect(words).toContain(
    `${topics(tuned)} labelled ones are named in the tuned half (${String(tuned?.topics?.summaries)} summaries), ` +
      `${topics(untouched)} in the untouched one (${String(untouched?.topics?.summaries)})`,
  );
  expect(words).toContain(
    `The tone is one of those that a fair reader may give in ${tone(tuned)} and ${tone(untouched)};`,
  );
});

it('docs/QUALITY.md says by relation how many labelled facts are found today', () => {
  const rows = relationRows();
  const families = rows.map(([names = '']) => [
    ...new Set(names.split(', ').map((name) => familyOf(name as Relation))),
  ]);
  const [tuned, untouched] = ['tuned', 'untouched'].map((half) => evaluationOf(half).facts?.byFamily);
  const today = families.map((row, index) => {
    const found = tallyOf(untouched, row);
    return [
      rows[index]?.[0],
      cellOf(tallyOf(tuned, row)),
      cellOf(found),
      (found.hit / found.expected).toFixed(2),
    ];
  });
  expect(rows).toEqual(today);
  const labelled = [...(tuned ?? []), ...(untouched ?? [])].filter(([, { expected }]) => expected > 0);
  expect(new Set(families.flat())).toEqual(new Set(labelled.map(([family]) => family)));
});

it('finds at least half of what the untouched half tells', () => {
  const { expected = 0, hit = 0 } = evaluationOf('untouched').facts?.total ?? {};
  expect(expected).toBeGreaterThan(100);
  expect(hit / expected).toBeGreaterThanOrEqual(0.5);
});

it('gives a right tone to at least 70 % of 40 conversations drawn, and of the 20 emotional ones among them', () => {
  const isEmotional = ({ conversation }: ConversationScore): boolean =>
    conversation.tags.includes('emotional');
  const seed = 20261129;
  const emotional = drawSample(scores.filter(isEmotional), 20, seed);
  const drawn = [
    ...emotional,
    ...drawSample(
      scores.filter((score) => !isEmotional(score)),
      20,
      seed,
    ),
  ];
  // One that was too short for a summary has no tone, and so no right one.
  const shareRight = (some: readonly ConversationScore[]): number =>
    some.filter(({ tone }) => tone?.allowed.includes(tone.found)).length / some.length;
  expect(drawn).toHaveLength(40);
  expect(shareRight(drawn)).toBeGreaterThanOrEqual(0.7);
  expect(shareRight(emotional)).toBeGreaterThanOrEqual(0.7);
  // Else one word for all would do.
  expect(new Set(emotional.map(({ tone }) => tone?.found)).size).toBeGreaterThan(1);
});

it('docs/QUALITY.md lists the facts that were judged, with verdict and reason', () => {
  const listed = page.split('<!-- judged:begin -->\n')[1]?.split('\n<!-- judged:end -->')[0];
  expect(listed).toBe(judgedTable(readJudged().facts));
});

type Tallies = ReadonlyMap<string, { readonly expected: number; readonly hit: number }> | undefined;

function tallyOf(tallies: Tallies, families: readonly string[]): { expected: number; hit: number } {
  const found = families.map((family) => tallies?.get(family) ?? { expected: 0, hit: 0 });
  return {
    expected: found.reduce((sum, { expected }) => sum + expected, 0),
    hit: found.reduce((sum, { hit }) => sum + hit, 0),
  };
}

function cellOf({ expected, hit }: { readonly expected: number; readonly hit: number }): string {
  return expected === 0 ? '–' : `${String(hit)} of ${String(expected)}`;
}

/** The cells of the table by relation, its heading left out. */
function relationRows(): string[][] {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith('| relation | tuned half')) + 2;
  const rows = lines.slice(first, lines.indexOf('', first));
  return rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
