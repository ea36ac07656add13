import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';

import { defineStage } from '../../src/extract/define-stage.ts';
import type { ExtractDeps } from '../../src/extract/extract-window.ts';
import { toStage } from '../../src/extract/own-stage.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import { citationsSchema } from '../../src/extract/verify-citations.ts';
import { answer, type Question } from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { tablesWith } from '../support/planted-words.ts';
import {
  closeAll,
  dayMs,
  deleted,
  edited,
  minuteMs,
  openStoreHarness,
  type StoreHarness,
} from '../support/store-harness.ts';
import {
  closedWindow,
  currentFacts,
  endGrace,
  extractAll,
  extractDeps,
  likesOf,
  storeValues,
  words,
} from './settle-harness.ts';

/** A stage of a user's own whose tastes belong in the person's memory. */
const tastes = toStage(
  defineStage({
    name: 'tastes',
    version: '1',
    minMessages: 1,
    prompt: 'What the user likes to eat.',
    schema: z.strictObject({
      tastes: z.array(z.strictObject({ food: z.string(), evidence: citationsSchema })),
    }),
    remember: (draft) => ({
      facts: draft.tastes.map(({ food, evidence }) => ({
        relation: 'likes' as const,
        predicate: null,
        entity_name: food,
        entity_type: 'food' as const,
        attributes: [],
        polarity: 'positive' as const,
        modality: 'stated' as const,
        confidence: 0.9,
        valid_from: null,
        valid_to: null,
        evidence,
      })),
    }),
  }),
);

function tastesOf({ lines }: Question): unknown {
  const found = lines.flatMap(({ number, text }) => {
    const food = /^I like (\w+)/.exec(text)?.[1];
    return food === undefined ? [] : [{ food, evidence: [{ line: number, quote: text }] }];
  });
  return { tastes: [...found, { food: 'gravel', evidence: [{ line: 1, quote: 'I like gravel' }] }] };
}

/** Only what is asked for: the provider's schema takes no other field. */
function builtInFacts(question: Question): object {
  return question.fields.includes('facts') ? (likesOf(question) as object) : {};
}

describeWithPostgres('what a stage of a user’s own remembers', () => {
  let harness: StoreHarness;
  let server: AnthropicServer;
  let deps: ExtractDeps;

  beforeAll(async () => {
    [harness, server] = await Promise.all([openStoreHarness(), AnthropicServer.start()]);
  });
  afterAll(() => Promise.all([harness.close(), server.close()]));
  beforeEach(async () => {
    await harness.begin();
    server.reset();
    server.byDefault = answer((question) => ({
      ...builtInFacts(question),
      tastes: tastesOf(question),
    }));
    deps = useStages([tastes]);
  });
  afterEach(() => {
    expect(server.refusals).toEqual([]);
  });

  const useStages = (stages: ReturnType<ExtractDeps['forBot']>['stages']): ExtractDeps => ({
    ...extractDeps(harness.pool, server, 'worker-1'),
    forBot: () => ({ stages, model: 'any', ignoresUser: () => false }),
  });
  const observed = () =>
    harness.rows(
      `select stage, kind, superseded_at is null as counts from afterword.observations order by created_at, stage`,
    );
  const placesOf = (...planted: string[]) => tablesWith(harness, ...planted);
  const results = () =>
    harness.rows(`select result, rejected from afterword.stage_tasks where superseded_at is null`);

  it('is folded under its name, and what the evidence check refuses is not', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extractAll(deps);
    expect(await currentFacts(harness)).toEqual(['plums']);
    expect(await observed()).toEqual([{ stage: 'tastes', kind: 'fact', counts: true }]);
    // Once in its own result, once in what it wanted remembered.
    expect(await results()).toMatchObject([
      { result: { tastes: [{ food: 'plums' }] }, rejected: { 'quote-not-found': 2 } },
    ]);
  });

  it('is one fact with what a built-in stage found', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extractAll(useStages([factsStage, tastes]));
    expect(await observed()).toHaveLength(2);
    expect(
      await harness.rows(`select entity_name, (fact ->> 'windowCount')::int as windows from afterword.facts`),
    ).toEqual([{ entity_name: 'plums', windows: 1 }]);
  });

  it('is taken back by a further revision that no longer finds it', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extractAll(deps);
    await storeValues(harness, edited({ id: 'at 0', atMs: dayMs + minuteMs, content: 'I like figs' }));
    await endGrace(harness);
    await extractAll(deps);
    expect(await currentFacts(harness)).toEqual(['figs']);
    expect(await observed()).toEqual([
      { stage: 'tastes', kind: 'fact', counts: false },
      { stage: 'tastes', kind: 'fact', counts: true },
    ]);
  });

  it('goes with a deleted message, and so does the whole result', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extractAll(deps);
    await storeValues(harness, deleted({ id: 'at 0', atMs: dayMs + minuteMs }));
    expect(await currentFacts(harness)).toEqual([]);
    expect(await observed()).toEqual([]);
    expect(await results()).toEqual([]);
  });

  it('goes with each of two deleted messages, though the first took the result with it', async () => {
    await storeValues(
      harness,
      words(0, 'I like Zibarten'),
      words(1, 'I like Scuppernong'),
      words(2, 'I like figs'),
    );
    await closeAll(harness.closing);
    await extractAll(deps);
    await storeValues(harness, deleted({ id: 'at 0', atMs: dayMs + 10 * minuteMs }));
    expect(await placesOf('Zibarten')).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['Scuppernong', 'figs']);
    // Before the further revision, which would supersede and not remove what cites it.
    await storeValues(harness, deleted({ id: 'at 1', atMs: dayMs + 11 * minuteMs }));
    expect(await placesOf('Scuppernong')).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['figs']);
    await endGrace(harness);
    await extractAll(deps);
    expect(await placesOf('Scuppernong', 'Zibarten')).toEqual([]);
    expect(await currentFacts(harness)).toEqual(['figs']);
  });
});
