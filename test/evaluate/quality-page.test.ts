import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openEvaluationStages } from '../../src/cli/evaluation-stages.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { evaluateConversations } from '../../src/evaluate/evaluate-conversations.ts';
import { addUp, type Evaluation } from '../../src/evaluate/evaluation.ts';
import { readLabelledFile } from '../../src/evaluate/read-labelled-file.ts';

const conversations = readLabelledFile(
  readFileSync(new URL('../fixtures/labelled-chats.jsonl', import.meta.url), 'utf8'),
);
const page = readFileSync(new URL('../../docs/QUALITY.md', import.meta.url), 'utf8');

async function evaluate(half: string): Promise<Evaluation> {
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
  const scores = await evaluateConversations({
    conversations: conversations.filter((conversation) => conversation.half === half),
    runStages: ({ transcript }) => stages.run(transcript),
    concurrency: 1,
    onScored: () => undefined,
    signal,
  });
  return addUp(scores);
}

it.each(['tuned', 'untouched'])(
  'docs/QUALITY.md says of the %s half what the analyser does today: else measure again and write it there',
  async (half) => {
    const { facts, quotes, conversations: count, rejected } = await evaluate(half);
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
