import { describe, expect, it } from 'vitest';
import { AfterwordError } from '../../src/errors.ts';
import { runOffline } from '../../src/extract/run-offline.ts';
import type { Stage } from '../../src/extract/stage.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import type { FactsDraft } from '../../src/extract/stages/drafts.ts';
import { summaryStage } from '../../src/extract/stages/summary.ts';
import { transcriptOf } from '../support/extraction.ts';

const transcript = transcriptOf(['user', 'Hello, my name is Ivy and I love badminton.']);

function offline(draft: () => FactsDraft): Stage {
  return { ...factsStage, offline: draft };
}

describe('runOffline', () => {
  it('runs the built-in analyser through the same checks, and says that no model was asked', () => {
    const facts = runOffline(builtInStages, transcript).find(({ stage }) => stage === 'facts');
    expect(facts).toMatchObject({
      status: 'done',
      method: 'offline',
      model: null,
      usage: { calls: 0 },
      rejected: {},
    });
    const claimed = facts?.status === 'done' ? factsStage.resultSchema.parse(facts.result).facts : [];
    expect(claimed.map(({ relation, entity_name }) => `${relation} ${entity_name}`)).toContain(
      'is_named Ivy',
    );
  });

  it('holds an offline analyser to its evidence as well', () => {
    const [draft] = runOffline([offline(() => ({ facts: [invented] }))], transcript);
    expect(draft).toMatchObject({
      status: 'done',
      result: { facts: [] },
      rejected: { 'quote-not-found': 1 },
    });
  });

  it('skips what is too short, has no offline form, or is not good enough offline', () => {
    const refusing: Stage = {
      ...offline(() => ({ facts: [] })),
      check: () => {
        throw new AfterwordError('MODEL_OUTPUT_INVALID', 'no');
      },
    };
    const outcomes = runOffline([summaryStage, factsStage, refusing], transcript);
    expect(outcomes.map((outcome) => outcome.status === 'skipped' && outcome.reason)).toEqual([
      'too-few-messages',
      'no-offline-form',
      'offline-not-good-enough',
    ]);
  });

  it('fails a stage whose analyser throws, and only that', () => {
    const broken = offline(() => {
      throw new TypeError('oops');
    });
    const outcomes = runOffline([broken, offline(() => ({ facts: [] }))], transcript);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'done']);
  });
});

const invented: FactsDraft['facts'][number] = {
  relation: 'owns',
  predicate: null,
  entity_name: 'yacht',
  entity_type: 'object',
  attributes: [],
  polarity: 'positive',
  modality: 'stated',
  confidence: 1,
  valid_from: null,
  valid_to: null,
  evidence: [{ line: 1, quote: 'I own a yacht' }],
};
