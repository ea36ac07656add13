import { describe, expect, it } from 'vitest';
import { addUp, type Evaluation } from '../../src/evaluate/evaluation.ts';
import type { LabelledConversation } from '../../src/evaluate/labelled-conversation.ts';
import { scoreConversation } from '../../src/evaluate/score-conversation.ts';
import { f1Of, precisionOf, recallOf } from '../../src/evaluate/tally.ts';
import type { StageOutcome } from '../../src/extract/stage.ts';
import type { FactResult, PreferenceResult, SummaryResult } from '../../src/model/results.ts';
import { transcriptOf } from '../support/extraction.ts';
import { factLabel, foundFact, foundPreference, preferenceLabel } from './labels.ts';

function conversation(changes: Partial<LabelledConversation> = {}): LabelledConversation {
  return {
    id: 'c1',
    half: undefined,
    tags: [],
    transcript: transcriptOf(['user', 'I like badminton'], ['assistant', 'Nice!'], ['user', 'call me Sam']),
    exhaustive: true,
    facts: [],
    preferences: [],
    topics: [],
    tone: undefined,
    ...changes,
  };
}

const usage = { input_tokens: 100, cached_input_tokens: 10, output_tokens: 20, calls: 1 };

function done(stage: string, result: unknown, rejected: Record<string, number> = {}): StageOutcome {
  return { status: 'done', stage, stageVersion: '1', method: 'model', model: 'm', usage, result, rejected };
}

const facts = (...found: FactResult[]): StageOutcome => done('facts', { facts: found });
const preferences = (...found: PreferenceResult[]): StageOutcome =>
  done('preferences', { preferences: found });
const summary = (topics: string[], tone: SummaryResult['emotional_tone']): StageOutcome =>
  done('summary', {
    summary_text: 'The user likes badminton.',
    key_topics: topics,
    emotional_tone: tone,
    compression_ratio: 0.1,
    confidence_score: 0.9,
  });

function evaluate(...runs: [Partial<LabelledConversation>, ...StageOutcome[]][]): Evaluation {
  return addUp(runs.map(([changes, ...outcomes]) => scoreConversation(conversation(changes), outcomes)));
}

const tennis = foundFact({ entity_name: 'tennis' });

describe('facts', () => {
  it('are counted in total and in the row of their label’s first relation', () => {
    const label = factLabel({ relations: ['does', 'likes'] });
    const { facts: counted } = evaluate([
      { facts: [label, factLabel({ entity: ['chess'] })] },
      facts(foundFact(), tennis),
    ]);
    expect(counted?.total).toEqual({ expected: 2, hit: 1, judged: 2, right: 1 });
    expect(Object.fromEntries(counted?.byFamily ?? [])).toEqual({
      does: { expected: 1, hit: 1, judged: 1, right: 1 },
      likes: { expected: 1, hit: 0, judged: 1, right: 0 },
    });
  });

  it('beyond labels that are not exhaustive say nothing about precision', () => {
    const open = { exhaustive: false, facts: [factLabel()] };
    const { facts: counted, exhaustive } = evaluate([open, facts(foundFact(), tennis)]);
    expect(counted?.total).toEqual({ expected: 1, hit: 1, judged: 0, right: 0 });
    expect(exhaustive).toBe(0);
  });

  it('with an optional label are right, and add nothing to recall', () => {
    const { facts: counted } = evaluate([{ facts: [factLabel({ optional: true })] }, facts(foundFact())]);
    expect(counted?.total).toEqual({ expected: 0, hit: 0, judged: 1, right: 1 });
  });

  it('are missed where their stage failed, and not counted where it was not run', () => {
    const failed: StageOutcome = {
      status: 'failed',
      stage: 'facts',
      stageVersion: '1',
      errorCode: 'MODEL_REFUSED',
      usage,
    };
    const { facts: counted, ends } = evaluate([{ facts: [factLabel()] }, failed]);
    expect(counted?.total).toEqual({ expected: 1, hit: 0, judged: 0, right: 0 });
    expect([...ends]).toEqual([['facts failed (MODEL_REFUSED)', 1]]);
    expect(evaluate([{ facts: [factLabel()] }, preferences()]).facts).toBeUndefined();
  });
});

it('counts preferences by key', () => {
  const label = { preferences: [preferenceLabel()] };
  const { preferences: counted } = evaluate([label, preferences(foundPreference())], [label, preferences()]);
  expect(counted?.total).toEqual({ expected: 2, hit: 1, judged: 1, right: 1 });
  expect([...(counted?.byKey.keys() ?? [])]).toEqual(['preferred_name']);
});

it('counts a topic as named when one key topic holds one of its wordings', () => {
  const labels = { topics: [['badminton'], ['the weather', 'rain']] };
  const { topics } = evaluate(
    [labels, summary(['badminton techniques', 'work'], 'neutral')],
    [labels, { status: 'skipped', stage: 'summary', stageVersion: '1', reason: 'too-few-messages' }],
  );
  expect(topics).toEqual({ expected: 2, hit: 1, summaries: 1 });
});

it('shows which tone was taken for which', () => {
  const { tone } = evaluate(
    [{ tone: ['positive', 'neutral'] }, summary(['a', 'b'], 'neutral')],
    [{ tone: ['neutral', 'positive'] }, summary(['a', 'b'], 'negative')],
    [{}, summary(['a', 'b'], 'mixed')],
  );
  expect(tone?.labelled).toBe(2);
  expect(tone?.right).toBe(1);
  expect([...(tone?.confusion.get('neutral or positive') ?? [])]).toEqual([
    ['neutral', 1],
    ['negative', 1],
  ]);
});

it('finds quotes that do not stand in the message that they cite', () => {
  const cites = (id: string, quote: string): FactResult =>
    foundFact({ evidence: [{ message_id: id, quote }] });
  const { quotes } = evaluate([
    {},
    facts(cites('m1', 'like badminton'), cites('m1', 'love badminton'), cites('m3', 'like badminton')),
    preferences(foundPreference({ evidence: [{ message_id: 'm3', quote: 'call me Sam' }] })),
  ]);
  expect(quotes).toEqual({ quotes: 4, verbatim: 2 });
});

it('adds up what checks refused, and calls and tokens', () => {
  const { rejected, usage: spent } = evaluate(
    [{}, done('facts', { facts: [] }, { 'quote-not-found': 2 })],
    [{}, done('facts', { facts: [] }, { 'quote-not-found': 1 })],
  );
  expect([...rejected]).toEqual([['facts quote-not-found', 3]]);
  expect(spent).toEqual({ input_tokens: 200, cached_input_tokens: 20, output_tokens: 40, calls: 2 });
});

describe('shares', () => {
  it('are of what they say', () => {
    const tally = { expected: 4, hit: 2, judged: 10, right: 9 };
    expect(recallOf(tally)).toBe(0.5);
    expect(precisionOf(tally)).toBe(0.9);
    expect(f1Of(tally)).toBeCloseTo(0.6429, 4);
  });

  it('are null where there is nothing to count, and zero where nothing is right', () => {
    expect(recallOf({ expected: 0, hit: 0, judged: 1, right: 1 })).toBeNull();
    expect(precisionOf({ expected: 1, hit: 0, judged: 0, right: 0 })).toBeNull();
    expect(f1Of({ expected: 1, hit: 0, judged: 0, right: 0 })).toBeNull();
    expect(f1Of({ expected: 1, hit: 0, judged: 1, right: 0 })).toBe(0);
  });
});
