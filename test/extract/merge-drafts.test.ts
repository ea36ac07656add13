import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { joinLists, mergerOf } from '../../src/extract/merge-drafts.ts';
import type { Stage } from '../../src/extract/stage.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import { mergeSummaries } from '../../src/extract/stages/merge-summaries.ts';
import { preferencesStage } from '../../src/extract/stages/preferences.ts';
import { summaryStage } from '../../src/extract/stages/summary.ts';
import type { FactDraft, SummaryDraft } from '../../src/extract/stages/drafts.ts';
import type { FactsResult } from '../../src/model/results.ts';
import { transcriptOf } from '../support/extraction.ts';

const stageOf = (draftSchema: z.ZodType): Stage => ({
  name: 'moods',
  version: '1',
  minMessages: 1,
  draftSchema,
  resultSchema: z.unknown(),
  prompt: '',
  check: (draft) => ({ result: draft, rejected: {} }),
});

const transcript = transcriptOf(
  ['user', 'I like plums'],
  ['assistant', 'And pears?'],
  ['user', 'I like pears and plums'],
);

const fact = (entity: string, line: number, quote: string, confidence = 0.9): FactDraft => ({
  relation: 'likes',
  predicate: null,
  entity_name: entity,
  entity_type: 'food',
  attributes: [],
  polarity: 'positive',
  modality: 'stated',
  confidence,
  valid_from: null,
  valid_to: null,
  evidence: [{ line, quote }],
});

function mergedFacts(...parts: readonly FactDraft[][]): FactsResult['facts'] {
  const draft = mergerOf(factsStage)?.(parts.map((facts) => ({ facts })));
  return factsStage.check(draft as { facts: FactDraft[] }, transcript).result.facts;
}

describe('drafts of the parts of a window', () => {
  it('make one fact of one claim, with the evidence of both parts', () => {
    const plums = [fact('plums', 1, 'I like plums'), fact('plums', 3, 'I like pears and plums', 0.7)];
    const facts = mergedFacts(plums.slice(0, 1), plums);
    expect(facts).toMatchObject([
      {
        entity_name: 'plums',
        confidence: 0.9,
        evidence: [
          { message_id: 'm1', quote: 'I like plums' },
          { message_id: 'm3', quote: 'I like pears and plums' },
        ],
      },
    ]);
  });

  it('hold the same facts on the same evidence in whatever order the parts come', () => {
    const claims = [
      fact('plums', 1, 'I like plums'),
      fact('plums', 3, 'I like pears and plums', 0.7),
      fact('pears', 3, 'I like pears'),
      fact('yachts', 1, 'I own a yacht'),
    ];
    const parts = fc.array(fc.subarray(claims), { minLength: 1, maxLength: 4 });
    const sorted = (facts: FactsResult['facts']): string[] => facts.map((one) => JSON.stringify(one)).sort();
    fc.assert(
      fc.property(parts, (drawn) => {
        expect(sorted(mergedFacts(...drawn.toReversed()))).toEqual(sorted(mergedFacts(...drawn)));
      }),
    );
  });

  it('are lists put together, what is alike once, however deep they stand', () => {
    const merge = mergerOf(
      stageOf(
        z.strictObject({
          asked: z.array(z.string()),
          by: z.strictObject({ day: z.array(z.strictObject({ day: z.string() })) }),
        }),
      ),
    );
    expect(
      merge?.([
        { asked: ['a', 'b'], by: { day: [{ day: 'mon' }] } },
        { asked: ['b', 'c'], by: { day: [{ day: 'mon' }, { day: 'tue' }] } },
      ]),
    ).toEqual({ asked: ['a', 'b', 'c'], by: { day: [{ day: 'mon' }, { day: 'tue' }] } });
  });

  it('come to the same list when they are joined twice', () => {
    const lists = fc.array(fc.record({ claims: fc.array(fc.constantFrom('a', 'b', 'c')) }), { minLength: 1 });
    fc.assert(
      fc.property(lists, (drafts) => {
        const once = joinLists(drafts);
        expect(joinLists([once, once])).toEqual(once);
      }),
    );
  });

  it.each([
    ['a score', z.strictObject({ score: z.number(), reasons: z.array(z.string()) })],
    ['a list that has a bound', z.strictObject({ three: z.array(z.string()).max(3) })],
    ['nothing', z.strictObject({})],
    [
      'a choice of shapes',
      z.union([z.strictObject({ a: z.array(z.string()) }), z.strictObject({ b: z.string() })]),
    ],
  ])('cannot be merged where a stage answers %s and does not say how', (_what, schema) => {
    expect(mergerOf(stageOf(schema))).toBeUndefined();
    expect(mergerOf({ ...stageOf(schema), merge: ([first]) => first })).toBeDefined();
  });

  it('can be merged for every stage that comes with Afterword', () => {
    for (const stage of [factsStage, preferencesStage, summaryStage]) {
      expect(mergerOf(stage as Stage)).toBeDefined();
    }
  });
});

describe('mergeSummaries', () => {
  const summary = (changes: Partial<SummaryDraft>): SummaryDraft => ({
    summary_text: 'The user spoke of plums.',
    key_topics: ['plums', 'jam'],
    emotional_tone: 'neutral',
    certainty: 0.9,
    cited_lines: [1, 3],
    ...changes,
  });

  it('tells one part after the other, with topics of each', () => {
    const second = summary({
      summary_text: 'The user asked about pears.',
      key_topics: ['pears', 'Plums', 'tarts', 'cream'],
      emotional_tone: 'positive',
      certainty: 0.7,
      cited_lines: [3, 8],
    });
    expect(mergeSummaries([summary({}), second])).toEqual({
      summary_text: 'The user spoke of plums. The user asked about pears.',
      key_topics: ['plums', 'pears', 'jam', 'tarts', 'cream'],
      emotional_tone: 'positive',
      certainty: 0.7,
      cited_lines: [1, 3, 8],
    });
  });

  it.each([
    [['positive', 'neutral'], 'positive'],
    [['neutral', 'neutral'], 'neutral'],
    [['positive', 'negative'], 'mixed'],
    [['mixed', 'neutral'], 'mixed'],
  ] as const)('of the tones %s is %s', (tones, tone) => {
    const drafts = tones.map((emotional_tone) => summary({ emotional_tone }));
    expect(mergeSummaries(drafts).emotional_tone).toBe(tone);
    expect(mergeSummaries(drafts.toReversed()).emotional_tone).toBe(tone);
  });

  it('keeps whole sentences of every part within what a summary may be', () => {
    const texts = Array.from(
      { length: 30 },
      (_, n) => `The user spoke of day ${n}. ${'It was long. '.repeat(40)}`,
    );
    const { summary_text } = mergeSummaries(texts.map((text) => summary({ summary_text: text })));
    expect(summary_text.length).toBeLessThanOrEqual(4_000);
    for (const [n] of texts.entries()) expect(summary_text).toContain(`The user spoke of day ${n}.`);
    expect(summary_text).toMatch(/\.$/);
  });
});
