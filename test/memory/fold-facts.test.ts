import { describe, expect, it } from 'vitest';
import { foldFacts } from '../../src/memory/fold-facts.ts';
import { correctFact, retractFact } from '../../src/memory/manual-observations.ts';
import { factGroupKey } from '../../src/memory/group-keys.ts';
import type { FoldedFact } from '../../src/model/memory.ts';
import type { FactObservation } from '../../src/model/observation.ts';
import { at, byHand, dayMs, fact, type FactWords } from './observations.ts';

const livesIn = (entity_name: string, more: Partial<FactWords> = {}): FactWords => ({
  relation: 'lives_in',
  entity_name,
  entity_type: 'place',
  ...more,
});
const coffee = (relation: FactWords['relation'], more: Partial<FactWords> = {}): FactWords => ({
  relation,
  entity_name: 'coffee',
  entity_type: 'drink',
  ...more,
});

const brief = (folded: readonly FoldedFact[]) =>
  folded.map(({ entityName, status }) => `${entityName} ${status}`);
const current = (folded: readonly FoldedFact[]) => folded.filter(({ status }) => status === 'current');
const only = (folded: readonly FoldedFact[]): FoldedFact => {
  expect(folded).toHaveLength(1);
  return folded[0] as FoldedFact;
};

describe('single-valued relations', () => {
  it('lets the newest statement win and closes the older one', () => {
    const [rome, porto] = foldFacts([
      fact(livesIn('Porto'), { on: '2026-05-01' }),
      fact(livesIn('Rome'), { on: '2026-01-01' }),
    ]);
    expect(rome).toMatchObject({ entityName: 'Rome', status: 'superseded', validFromMs: at('2026-01-01') });
    expect(rome).toMatchObject({ validToMs: at('2026-05-01'), supersededBy: porto?.factId });
    expect(porto).toMatchObject({
      entityName: 'Porto',
      status: 'current',
      validToMs: null,
      supersededBy: null,
    });
  });

  it('closes the older one when the newer began, as the words tell', () => {
    const [rome] = foldFacts([
      fact(livesIn('Rome'), { on: '2026-01-01' }),
      fact(livesIn('Porto', { valid_from: '2026-03-01T00:00:00Z' }), { on: '2026-05-01' }),
    ]);
    expect(rome?.validToMs).toBe(at('2026-03-01'));
  });

  it('never closes anything before it began', () => {
    const [rome, porto] = foldFacts([
      fact(livesIn('Rome'), { on: '2026-01-01' }),
      fact(livesIn('Porto', { valid_from: '2019-01-01T00:00:00Z' }), { on: '2026-05-01' }),
    ]);
    expect(rome?.validToMs).toBe(at('2026-01-01'));
    expect(porto?.validFromMs).toBe(at('2019-01-01'));
  });

  it('tells a return as a second stay with an id of its own', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2024-01-01' }),
      fact(livesIn('Rome'), { on: '2025-01-01' }),
      fact(livesIn('porto'), { on: '2026-01-01' }),
    ]);
    expect(brief(folded)).toEqual(['Porto superseded', 'Rome superseded', 'porto current']);
    expect(new Set(folded.map(({ factId }) => factId)).size).toBe(3);
  });

  it('takes "32" and "32 years old" for one age, and 33 for the next', () => {
    const age = (entity_name: string): FactWords => ({ relation: 'is_aged', entity_name });
    const folded = foldFacts([
      fact(age('32'), { on: '2025-01-01' }),
      fact(age('32 years old'), { on: '2025-02-01' }),
      fact(age('33'), { on: '2026-01-01' }),
    ]);
    expect(folded.map(({ status, windowCount }) => [status, windowCount])).toEqual([
      ['superseded', 2],
      ['current', 1],
    ]);
  });

  it('breaks a tie of time by the window, then by the message, never by the array', () => {
    const one = fact(livesIn('Rome'), { windowId: 'w-b' });
    const two = fact(livesIn('Porto'), { windowId: 'w-a' });
    for (const order of [
      [one, two],
      [two, one],
    ]) {
      expect(brief(current(foldFacts(order)))).toEqual(['Rome current']);
    }
    const cite = (message_id: string) => ({ evidence: [{ message_id, quote: 'q' }] });
    const ninth = fact(livesIn('Rome', cite('9')));
    const tenth = fact(livesIn('Porto', cite('10')));
    expect(brief(current(foldFacts([tenth, ninth])))).toEqual(['Porto current']);
  });
});

describe('two values in one breath', () => {
  it('stay decided the same way when a new revision gives the claims new ids', () => {
    const both = (ids: readonly [string, string]) => [
      fact({ relation: 'works_as', entity_name: 'nurse' }, { windowId: 'w', observationId: ids[0] }),
      fact({ relation: 'works_as', entity_name: 'barista' }, { windowId: 'w', observationId: ids[1] }),
    ];
    const cited = (observations: FactObservation[]) =>
      observations.map((one) => ({
        ...one,
        fact: { ...one.fact, evidence: [{ message_id: 'm', quote: 'I nurse and pour' }] },
      }));
    expect(foldFacts(cited(both(['a', 'b'])))).toEqual(foldFacts(cited(both(['z', 'y']))));
  });
});

describe('stated and implied', () => {
  const implied = { modality: 'implied' } as const;

  it('counts only what was stated or implied', () => {
    for (const modality of ['hypothetical', 'joking', 'role-play', 'about-someone-else'] as const) {
      expect(foldFacts([fact(livesIn('Mars', { modality }))])).toEqual([]);
    }
    expect(only(foldFacts([fact(livesIn('Porto', implied))])).modality).toBe('implied');
  });

  it('lets the stated one win a tie', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { windowId: 'w-a' }),
      fact(livesIn('Rome', implied), { windowId: 'w-b' }),
    ]);
    expect(brief(current(folded))).toEqual(['Porto current']);
  });

  it('does not let a hint move somebody who said lately where they live', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2026-01-01' }),
      fact(livesIn('Lisbon', implied), { on: '2026-03-01' }),
    ]);
    expect(brief(folded)).toEqual(['Porto current']);
  });

  it('believes hints once nothing was stated for half a year, from where the last statement ends', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2026-01-01' }),
      fact(livesIn('Lisbon', implied), { on: '2026-03-01' }),
      fact(livesIn('Lisbon', implied), { on: '2026-09-01' }),
    ]);
    expect(brief(folded)).toEqual(['Porto superseded', 'Lisbon current']);
    expect(folded[1]).toMatchObject({ validFromMs: at('2026-03-01'), windowCount: 2 });
    expect(folded[0]?.validToMs).toBe(at('2026-03-01'));
  });

  it('dates a hint that came true from the last word to the contrary', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2026-01-01' }),
      fact(livesIn('Lisbon', implied), { on: '2026-02-01' }),
      fact(livesIn('Porto'), { on: '2026-03-01' }),
      fact(livesIn('Lisbon'), { on: '2026-05-01' }),
    ]);
    expect(brief(folded)).toEqual(['Porto superseded', 'Lisbon current']);
    expect(folded[1]).toMatchObject({ validFromMs: at('2026-03-01'), windowCount: 2 });
  });

  it('forgets hints against a home that was given up meanwhile', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2026-01-01' }),
      fact(livesIn('Lisbon', implied), { on: '2026-02-01' }),
      fact(livesIn('Rome'), { on: '2026-03-01' }),
      fact(livesIn('Lisbon'), { on: '2026-05-01' }),
    ]);
    expect(folded.at(-1)).toMatchObject({
      entityName: 'Lisbon',
      validFromMs: at('2026-05-01'),
      windowCount: 1,
    });
  });

  it('becomes stated once it was said in words', () => {
    const folded = foldFacts([
      fact(livesIn('Porto', implied), { on: '2026-01-01' }),
      fact(livesIn('Porto'), { on: '2026-02-01' }),
    ]);
    expect(only(folded).modality).toBe('stated');
  });
});

describe('opposites and negatives', () => {
  it('holds either for or against a thing, whichever was said last', () => {
    const folded = foldFacts([
      fact(coffee('loves'), { on: '2026-01-01' }),
      fact(coffee('hates'), { on: '2026-02-01' }),
    ]);
    expect(folded.map(({ relation, status }) => `${relation} ${status}`)).toEqual([
      'loves superseded',
      'hates current',
    ]);
  });

  it('takes "does not like" for a side, and "does not hate" only as the end of one', () => {
    const against = foldFacts([
      fact(coffee('likes', { polarity: 'negative' }), { on: '2026-01-01' }),
      fact(coffee('hates'), { on: '2026-02-01' }),
    ]);
    expect(only(against)).toMatchObject({ relation: 'hates', polarity: 'positive', windowCount: 2 });
    const denied = foldFacts([
      fact(coffee('likes'), { on: '2026-01-01' }),
      fact(coffee('hates', { polarity: 'negative' }), { on: '2026-02-01' }),
    ]);
    expect(current(denied).map(({ relation }) => relation)).toEqual(['likes']);
    const over = foldFacts([
      fact(coffee('hates'), { on: '2026-01-01' }),
      fact(coffee('hates', { polarity: 'negative' }), { on: '2026-02-01' }),
    ]);
    expect(over.map(({ polarity, status }) => `${polarity} ${status}`)).toEqual([
      'positive superseded',
      'negative current',
    ]);
  });

  it('closes the matching positive with a negative', () => {
    const pets = (polarity: 'positive' | 'negative', name: string): FactWords => ({
      relation: 'has',
      entity_name: name,
      entity_type: 'pet',
      polarity,
    });
    const [had, none] = foldFacts([
      fact(pets('positive', 'a pet'), { on: '2026-01-01' }),
      fact(pets('negative', 'pets'), { on: '2026-04-01' }),
    ]);
    expect(had).toMatchObject({
      status: 'superseded',
      validToMs: at('2026-04-01'),
      supersededBy: none?.factId,
    });
    expect(none).toMatchObject({ status: 'current', polarity: 'negative' });
  });

  it('closes Rome when the user no longer lives there, and Porto never', () => {
    const left = fact(livesIn('Rome', { polarity: 'negative' }), { on: '2026-06-01' });
    expect(brief(foldFacts([fact(livesIn('Rome')), left]))).toEqual(['Rome superseded', 'Rome current']);
    expect(brief(foldFacts([fact(livesIn('Porto')), left]))).toEqual(['Porto current']);
  });

  it('lets any home take the place of "not in Rome"', () => {
    const folded = foldFacts([
      fact(livesIn('Rome', { polarity: 'negative' }), { on: '2026-01-01' }),
      fact(livesIn('Porto', { modality: 'implied' }), { on: '2026-01-02' }),
    ]);
    expect(brief(current(folded))).toEqual(['Porto current']);
  });
});

describe('ends that the words tell', () => {
  it('closes what the user says is over, and learns what was over before', () => {
    const was = fact(livesIn('Rome', { valid_to: '2026-03-01T00:00:00Z' }), { on: '2026-06-01' });
    const known = foldFacts([fact(livesIn('Rome'), { on: '2026-01-01' }), was]);
    expect(only(known)).toMatchObject({ status: 'ended', validToMs: at('2026-03-01'), windowCount: 2 });
    const unknown = foldFacts([fact(livesIn('Porto'), { on: '2026-01-01' }), was]);
    expect(brief(unknown)).toEqual(['Porto current', 'Rome ended']);
    expect(unknown[1]?.validFromMs).toBeNull();
  });

  it('tells one past once, however often it comes up', () => {
    const was = (on: string) => fact(livesIn('Rome', { valid_to: '2020-01-01T00:00:00Z' }), { on });
    const folded = foldFacts([was('2026-01-01'), was('2026-02-01'), was('2026-03-01')]);
    expect(only(folded)).toMatchObject({ status: 'ended', windowCount: 3 });
  });

  it('keeps an earlier stay apart from the present one', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2026-01-01' }),
      fact(livesIn('Porto', { valid_from: '1990-01-01T00:00:00Z', valid_to: '1999-01-01T00:00:00Z' }), {
        on: '2026-02-01',
      }),
    ]);
    expect(brief(folded)).toEqual(['Porto current', 'Porto ended']);
    expect(folded[1]).toMatchObject({ validFromMs: at('1990-01-01'), validToMs: at('1999-01-01') });
  });

  it('does not end what once happened', () => {
    const visit = fact({ relation: 'visited', entity_name: 'Rome', valid_to: '2020-01-01T00:00:00Z' });
    expect(only(foldFacts([visit]))).toMatchObject({ status: 'current', validToMs: null });
  });

  it('keeps an announced end on what is current', () => {
    const until = fact(livesIn('Berlin', { valid_to: '2026-12-01T00:00:00Z' }), { on: '2026-06-01' });
    expect(only(foldFacts([until]))).toMatchObject({ status: 'current', validToMs: at('2026-12-01') });
    const stayed = fact(livesIn('Berlin'), { on: '2027-02-01' });
    expect(only(foldFacts([until, stayed]))).toMatchObject({ status: 'current', validToMs: null });
  });
});

describe('what a person enters', () => {
  const porto = fact(livesIn('Porto'), { on: '2026-01-01' });
  const retractionOf = (...observations: FactObservation[]) =>
    retractFact(foldFacts(observations)[0] as FoldedFact, {
      entryId: 'entry-1',
      enteredAtMs: at('2026-02-01'),
    });

  it('keeps a retracted fact away from older and newer claims, with its id', () => {
    const [before] = foldFacts([porto]);
    const folded = foldFacts([
      porto,
      retractionOf(porto),
      fact(livesIn('Porto'), { on: '2025-01-01' }),
      fact(livesIn('porto'), { on: '2026-08-01' }),
    ]);
    expect(only(folded)).toMatchObject({ status: 'retracted', factId: before?.factId });
  });

  it('brings back what a retracted claim had displaced', () => {
    const rome = fact(livesIn('Rome'), { on: '2025-01-01' });
    const retraction = retractFact(foldFacts([rome, porto])[1] as FoldedFact, {
      entryId: 'entry-1',
      enteredAtMs: at('2026-02-01'),
    });
    expect(brief(current(foldFacts([rome, porto, retraction])))).toEqual(['Rome current']);
  });

  it('lets the person take a retraction back, and nobody else', () => {
    const again = byHand(fact(livesIn('Porto'), { on: '2026-03-01' }));
    const folded = foldFacts([porto, retractionOf(porto), again]);
    expect(only(folded)).toMatchObject({ status: 'current', method: 'manual' });
  });

  it('keeps a corrected value wrong, before and after, and lets a new one win later', () => {
    const entry = { entryId: 'entry-2', enteredAtMs: at('2026-02-01') };
    const correction = correctFact(only(foldFacts([porto])), { entityName: 'Lisbon' }, entry);
    const again = fact(livesIn('Porto'), { on: '2026-08-01' });
    const corrected = foldFacts([porto, ...correction, again]);
    expect(brief(corrected)).toEqual(['Porto retracted', 'Lisbon current']);
    expect(current(corrected)[0]).toMatchObject({ validFromMs: at('2026-01-01'), method: 'manual' });
    const moved = fact(livesIn('Madrid'), { on: '2026-09-01' });
    expect(brief(current(foldFacts([porto, ...correction, again, moved])))).toEqual(['Madrid current']);
  });

  it('keeps what a bare entry replaced from coming back by itself', () => {
    const entry = byHand(fact(livesIn('Lisbon'), { on: '2026-02-01' }));
    const again = fact(livesIn('Porto'), { on: '2026-08-01' });
    expect(brief(current(foldFacts([porto, entry, again])))).toEqual(['Lisbon current']);
  });

  it('holds out against hints for good', () => {
    const entry = byHand(fact(livesIn('Lisbon'), { on: '2020-02-01' }));
    const hint = fact(livesIn('Porto', { modality: 'implied' }), { on: '2026-08-01' });
    expect(brief(current(foldFacts([entry, hint])))).toEqual(['Lisbon current']);
  });

  it('corrects a verb or a detail without retracting, and keeps the person’s words', () => {
    const likes = fact(coffee('likes'));
    const correction = correctFact(
      only(foldFacts([likes])),
      { relation: 'loves', attributes: { roast: 'dark' } },
      { entryId: 'entry-3', enteredAtMs: at('2026-02-01') },
    );
    expect(correction).toHaveLength(1);
    const later = fact(coffee('likes', { attributes: { roast: 'light' } }), { on: '2026-05-01' });
    expect(only(foldFacts([likes, ...correction, later]))).toMatchObject({
      relation: 'loves',
      attributes: { roast: 'dark' },
    });
  });

  it('corrects into another group with one entry for each', () => {
    const correction = correctFact(
      only(foldFacts([fact(coffee('likes'))])),
      { entityName: 'tea' },
      { entryId: 'entry-4', enteredAtMs: at('2026-02-01') },
    );
    expect(correction.map(({ fact: { entity_name: name }, retracts }) => [name, retracts])).toEqual([
      ['coffee', true],
      ['tea', false],
    ]);
    expect(new Set(correction.map((observation) => factGroupKey(observation.fact))).size).toBe(2);
  });
});

describe('what a folded fact tells', () => {
  it('uses the verb of the latest conversation, the stronger of two said together', () => {
    const folded = foldFacts([
      fact(coffee('loves'), { on: '2026-01-01' }),
      fact(coffee('enjoys'), { on: '2026-05-01', observationId: 'x' }),
      fact(coffee('likes'), { on: '2026-05-01', observationId: 'y' }),
    ]);
    expect(only(folded).relation).toBe('likes');
  });

  it('merges attributes, the newest word on each', () => {
    const luna = (attributes: Record<string, string>): FactWords => ({
      relation: 'has',
      entity_name: 'Luna',
      entity_type: 'pet',
      attributes,
    });
    const folded = foldFacts([
      fact(luna({ species: 'cat', age: '3' }), { on: '2026-01-01' }),
      fact(luna({ age: '4' }), { on: '2026-05-01' }),
    ]);
    expect(only(folded).attributes).toEqual({ age: '4', species: 'cat' });
  });

  it('names the entity as most conversations spelt it', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2026-01-01' }),
      fact(livesIn('Porto'), { on: '2026-02-01' }),
      fact(livesIn('porto'), { on: '2026-03-01' }),
    ]);
    expect(only(folded).entityName).toBe('Porto');
  });

  it('grows surer with each further window, up to a bound, and not with repetition in one', () => {
    const windows = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        fact(livesIn('Porto'), { windowId: `w-${index}`, occurredAtMs: at('2026-01-01') + index * dayMs }),
      );
    const confidences = [1, 2, 3, 5, 200].map((count) => only(foldFacts(windows(count))).confidence);
    expect(confidences).toEqual([...confidences].sort((a, b) => a - b));
    expect(new Set(confidences).size).toBe(5);
    expect(confidences.at(-1)).toBeLessThanOrEqual(0.95);
    const repeated = ['a', 'b', 'c'].map((id) => fact(livesIn('Porto'), { observationId: id }));
    expect(only(foldFacts(repeated)).confidence).toBe(confidences[0]);
  });

  it('never takes the analyser at its own number, and the offline one for less', () => {
    const confidenceOf = (words: Partial<FactWords>, method: 'model' | 'offline' = 'model') =>
      only(foldFacts([fact(livesIn('Porto', words), { method })])).confidence;
    expect(confidenceOf({ confidence: 1 })).toBeLessThan(0.8);
    expect(confidenceOf({ confidence: 0.1 })).toBeGreaterThan(0.5);
    expect(confidenceOf({}, 'offline')).toBeLessThan(confidenceOf({}));
    expect(confidenceOf({ modality: 'implied' })).toBeLessThan(confidenceOf({}));
  });

  it('keeps one piece of evidence for each window before a second one of any', () => {
    const quotes = (count: number, window: number) =>
      Array.from({ length: count }, (_, index) => ({ message_id: `${window}-${index}`, quote: `q${index}` }));
    const observations = Array.from({ length: 15 }, (_, window) =>
      fact(livesIn('Porto', { evidence: quotes(4, window) }), {
        windowId: `w-${window}`,
        occurredAtMs: at('2026-01-01') + window * dayMs,
      }),
    );
    const { evidence, windowIds, windowCount } = only(foldFacts(observations));
    expect(evidence).toHaveLength(20);
    expect(new Set(evidence.map(({ windowId }) => windowId)).size).toBe(15);
    expect(evidence.map(({ occurredAtMs }) => occurredAtMs)).toEqual(
      evidence.map(({ occurredAtMs }) => occurredAtMs).sort((a, b) => b - a),
    );
    expect([windowIds[0], windowCount]).toEqual(['w-14', 15]);
  });

  it('names every channel that it was learnt in', () => {
    const folded = foldFacts([
      fact(livesIn('Porto'), { on: '2026-01-01', channelId: 'c1', channelType: 'group' }),
      fact(livesIn('Porto'), { on: '2026-02-01', channelId: null, channelType: 'dm' }),
      fact(livesIn('Porto'), { on: '2026-03-01', channelId: 'c1', channelType: 'group' }),
    ]);
    expect(only(folded).channels).toEqual([
      { channelId: null, channelType: 'dm' },
      { channelId: 'c1', channelType: 'group' },
    ]);
  });

  it('keeps its id when an earlier window is taken away or found late', () => {
    const later = [
      fact(livesIn('Porto'), { on: '2026-02-01' }),
      fact(livesIn('Porto'), { on: '2026-03-01' }),
    ];
    const earlier = fact(livesIn('Porto'), { on: '2026-01-01' });
    expect(only(foldFacts([earlier, ...later])).factId).toBe(only(foldFacts(later)).factId);
  });

  it('gives two persons and two bots facts of their own', () => {
    const ids = [{}, { userId: 'bob' }, { botId: 'other' }].map(
      (whose) => only(foldFacts([fact(livesIn('Porto'), whose)])).factId,
    );
    expect(new Set(ids).size).toBe(3);
  });

  it('refuses to fold two groups or two persons as one', () => {
    expect(() => foldFacts([fact(coffee('likes')), fact(livesIn('Porto'))])).toThrow(/fold-5e97/u);
    expect(() => foldFacts([fact(livesIn('Porto')), fact(livesIn('Porto'), { userId: 'bob' })])).toThrow(
      /fold-5e97/u,
    );
    expect(foldFacts([])).toEqual([]);
  });
});
