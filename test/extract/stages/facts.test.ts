import { describe, expect, it } from 'vitest';
import { factResultSchema } from '../../../src/model/results.ts';
import type { FactDraft } from '../../../src/extract/stages/drafts.ts';
import { factsStage } from '../../../src/extract/stages/facts.ts';
import type { Transcript } from '../../../src/extract/transcript.ts';
import { transcriptOf, windowStartMs } from '../../support/extraction.ts';

const saidAt = new Date(windowStartMs).toISOString();

function fact(changes: Partial<FactDraft> & { quote?: string; line?: number } = {}): FactDraft {
  const { quote = 'I have a cat called Luna', line = 1, ...rest } = changes;
  return {
    relation: 'owns',
    predicate: null,
    entity_name: 'Luna',
    entity_type: 'pet',
    attributes: [],
    polarity: 'positive',
    modality: 'stated',
    confidence: 0.95,
    valid_from: null,
    valid_to: null,
    evidence: [{ line, quote }],
    ...rest,
  };
}

const luna = transcriptOf(['user', 'I have a cat called Luna. Yes, really.']);

function check(transcript: Transcript, ...facts: FactDraft[]) {
  const { result, rejected } = factsStage.check({ facts }, transcript);
  for (const kept of result.facts) expect(() => factResultSchema.parse(kept)).not.toThrow();
  return { facts: result.facts, rejected };
}

describe('factsStage', () => {
  it('cites message ids and verbatim quotes, and dates a fact by the words that carry it', () => {
    expect(check(luna, fact()).facts).toEqual([
      {
        relation: 'owns',
        entity_name: 'Luna',
        entity_type: 'pet',
        polarity: 'positive',
        modality: 'stated',
        confidence: 0.95,
        valid_from: saidAt,
        valid_to: null,
        evidence: [{ message_id: 'm1', quote: 'I have a cat called Luna' }],
      },
    ]);
  });

  it('keeps the good siblings of a bad fact and counts the bad by reason', () => {
    const { facts, rejected } = check(
      luna,
      fact({ quote: 'I have a dog' }),
      fact({ entity_name: 'it' }),
      fact(),
      fact({ entity_name: 'when you get' }),
    );
    expect(facts.map(({ entity_name }) => entity_name)).toEqual(['Luna']);
    expect(rejected).toEqual({ 'quote-not-found': 1, 'entity-pronoun': 1, 'entity-fragment': 1 });
  });

  it('keeps facts of every modality, flagged', () => {
    const modalities = [
      'stated',
      'implied',
      'hypothetical',
      'joking',
      'role-play',
      'about-someone-else',
    ] as const;
    const { facts } = check(luna, ...modalities.map((modality) => fact({ modality })));
    expect(facts.map(({ modality }) => modality)).toEqual(modalities);
  });

  it('merges the same claim told twice, with the evidence of both', () => {
    const transcript = transcriptOf(['user', 'I love opera'], ['user', 'Opera again! I love it']);
    const { facts, rejected } = check(
      transcript,
      fact({
        relation: 'loves',
        entity_name: 'opera',
        entity_type: 'media',
        quote: 'love opera',
        confidence: 0.7,
      }),
      fact({ relation: 'loves', entity_name: 'Opera', entity_type: 'other', quote: 'I love it', line: 2 }),
    );
    expect(facts).toHaveLength(1);
    expect(facts[0]).toMatchObject({
      entity_name: 'opera',
      entity_type: 'media',
      confidence: 0.95,
      valid_from: new Date(windowStartMs + 60_000).toISOString(),
      evidence: [{ message_id: 'm1' }, { message_id: 'm2' }],
    });
    expect(rejected).toEqual({ duplicate: 1 });
  });

  it('refuses a claim whose only evidence asks', () => {
    const transcript = transcriptOf(['user', 'Do you like opera?'], ['user', 'I do']);
    const asked = fact({
      relation: 'likes',
      entity_name: 'opera',
      entity_type: 'media',
      quote: 'like opera',
    });
    expect(check(transcript, asked).rejected).toEqual({ 'question-only': 1 });
    const answered = { ...asked, evidence: [...asked.evidence, { line: 2, quote: 'I do' }] };
    expect(check(transcript, answered).facts).toHaveLength(1);
  });

  it('holds an answer together with the question it answers', () => {
    const transcript = transcriptOf(['assistant', 'Do you have pets?'], ['user', 'Yes, two']);
    const pets = fact({ relation: 'has', entity_name: 'pets', quote: 'Yes, two', line: 2 });
    const { facts } = check(transcript, {
      ...pets,
      evidence: [...pets.evidence, { line: 1, quote: 'Do you have pets?' }],
    });
    expect(facts[0]?.evidence.map(({ message_id }) => message_id)).toEqual(['m1', 'm2']);
  });

  it.each([
    [{ entity_name: 'Aria' }, 'entity-is-bot'],
    [{ entity_name: 'A.R.I.A', relation: 'likes' }, 'entity-is-bot'],
    [{ entity_name: 'Ann' }, 'entity-is-user'],
    [{ relation: 'other' }, 'predicate-missing'],
    [{ relation: 'other', predicate: '{}' }, 'predicate-missing'],
    [{ relation: 'other', predicate: 'talked about' }, 'predicate-about-the-conversation'],
    [{ relation: 'is_named', entity_name: 'Gabe', entity_type: 'name' }, 'name-not-in-evidence'],
    [{ relation: 'is_aged', entity_name: 'old' }, 'age-not-a-number'],
    [{ evidence: [] }, 'no-evidence'],
  ] as const)('refuses %j', (changes, reason) => {
    expect(check(luna, fact(changes as Partial<FactDraft>)).rejected).toEqual({ [reason]: 1 });
  });

  it('knows that a person is not their own pet', () => {
    const transcript = transcriptOf(['user', 'My name is Ivy']);
    const named = fact({
      relation: 'is_named',
      entity_name: 'Ivy',
      entity_type: 'name',
      quote: 'My name is Ivy',
    });
    const { facts, rejected } = check(transcript, fact({ entity_name: 'Ivy', quote: 'Ivy' }), named);
    expect(facts.map(({ relation }) => relation)).toEqual(['is_named']);
    expect(rejected).toEqual({ 'entity-is-user': 1 });
  });

  it('keeps a free predicate with other, and drops it beside a relation of the vocabulary', () => {
    const { facts, rejected } = check(
      luna,
      fact({ relation: 'other', predicate: ' Is_afraid  of ' }),
      fact({ predicate: 'is the owner of' }),
    );
    expect(facts.map(({ predicate }) => predicate)).toEqual(['is afraid of', undefined]);
    expect(rejected).toEqual({ 'predicate-beside-relation': 1 });
  });

  it('keeps attributes on the fact, in order, and drops and counts what is no attribute', () => {
    const attributes = [
      { name: 'Fur Colour', value: ' grey  and white ' },
      { name: '__proto__', value: 'x' },
      { name: 'link', value: 'https://example.org/x' },
      { name: 'kind', value: '' },
    ];
    const { facts, rejected } = check(luna, fact({ attributes }));
    expect(facts[0]?.attributes).toEqual({ fur_colour: 'grey and white' });
    expect(rejected).toEqual({ 'attribute-dropped': 3 });
  });

  it('clamps confidence', () => {
    const { facts } = check(luna, fact({ confidence: 7 }), fact({ confidence: -1, polarity: 'negative' }));
    expect(facts.map(({ confidence }) => confidence)).toEqual([1, 0]);
  });

  it('leaves the beginning open for what was over before it was told', () => {
    const [over] = check(luna, fact({ valid_to: '2020' })).facts;
    expect(over).toMatchObject({ valid_from: null, valid_to: '2020-01-01T00:00:00.000Z' });
  });

  it('counts dates that do not count, and quotes that fell beside one that held', () => {
    const quotes = [
      { line: 1, quote: 'I have a cat called Luna' },
      { line: 1, quote: 'I have a dog' },
    ];
    const { facts, rejected } = check(
      luna,
      fact({ evidence: quotes }),
      fact({ polarity: 'negative', valid_from: '2021', valid_to: '2019' }),
      fact({ relation: 'has', valid_from: 'soon' }),
    );
    expect(facts).toHaveLength(3);
    expect(rejected).toEqual({
      'dropped-quote-not-found': 1,
      'date-reversed': 2,
      'date-implausible': 1,
    });
  });

  it('does not let a message tell the bot’s words as the user’s', () => {
    const transcript = transcriptOf(
      ['assistant', 'As a marine biologist I study fish.'],
      ['user', '> As a marine biologist I study fish.\nhaha'],
    );
    const claim = fact({
      relation: 'works_as',
      entity_name: 'marine biologist',
      entity_type: 'occupation',
      quote: 'As a marine biologist',
      line: 2,
    });
    expect(check(transcript, claim).rejected).toEqual({ 'quote-of-others-words': 1 });
  });
});
