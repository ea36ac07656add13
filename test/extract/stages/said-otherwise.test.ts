import { describe, expect, it } from 'vitest';
import type { Relation } from '../../../src/model/results.ts';
import type { FactDraft } from '../../../src/extract/stages/drafts.ts';
import { factsStage } from '../../../src/extract/stages/facts.ts';
import type { Transcript } from '../../../src/extract/transcript.ts';
import { transcriptOf, windowStartMs } from '../../support/extraction.ts';

// What a model may claim, against what the user's own words say of it.

const saidAt = new Date(windowStartMs).toISOString();

function claim(
  relation: Relation,
  entity_name: string,
  quote: string,
  changes: Partial<FactDraft> = {},
): FactDraft {
  return {
    relation,
    predicate: null,
    entity_name,
    entity_type: 'other',
    attributes: [],
    polarity: 'positive',
    modality: 'stated',
    confidence: 0.9,
    valid_from: null,
    valid_to: null,
    evidence: [{ line: 1, quote }],
    ...changes,
  };
}

function check(transcript: Transcript, ...facts: FactDraft[]) {
  const { result, rejected } = factsStage.check({ facts }, transcript);
  return { facts: result.facts, rejected };
}

const checkSaid = (said: string, relation: Relation, entity: string, changes: Partial<FactDraft> = {}) =>
  check(transcriptOf(['user', said]), claim(relation, entity, changes.evidence?.[0]?.quote ?? said, changes));

describe('a fact whose words say that it is over', () => {
  it.each<[string, Relation, string]>([
    ['I used to live in Rome', 'lives_in', 'Rome'],
    ['I used to live in Rome, but now I live in Porto', 'lives_in', 'Rome'],
    ['We used to have a dog', 'has', 'dog'],
    ['I used to love opera', 'loves', 'opera'],
    ['I no longer work as a nurse', 'works_as', 'nurse'],
    ['I’m no longer a nurse', 'works_as', 'nurse'],
    ['I don’t play tennis anymore', 'plays', 'tennis'],
    ['I do not play tennis any more', 'plays', 'tennis'],
    ['I quit smoking', 'does', 'smoking'],
    ['I have stopped playing tennis', 'plays', 'tennis'],
    ['I no longer hate tea', 'hates', 'tea'],
  ])('ends when it was said: %s', (said, relation, entity) => {
    expect(checkSaid(said, relation, entity)).toMatchObject({
      facts: [{ entity_name: entity, polarity: 'positive', valid_from: null, valid_to: saidAt }],
      rejected: {},
    });
  });

  it('ends also where the quote was cut before the words that say so', () => {
    const { facts } = checkSaid('I used to live in Rome', 'lives_in', 'Rome', {
      evidence: [{ line: 1, quote: 'live in Rome' }],
    });
    expect(facts[0]?.valid_to).toBe(saidAt);
  });

  it('keeps an end that was given', () => {
    const { facts } = checkSaid('I used to live in Rome', 'lives_in', 'Rome', { valid_to: '2020' });
    expect(facts[0]?.valid_to).toBe('2020-01-01T00:00:00.000Z');
  });

  it('goes by the newest words', () => {
    const transcript = transcriptOf(['user', 'I used to live in Rome'], ['user', 'I live in Rome again']);
    const again = claim('lives_in', 'Rome', 'I used to live in Rome');
    const evidence = [...again.evidence, { line: 2, quote: 'I live in Rome again' }];
    expect(check(transcript, { ...again, evidence }).facts[0]?.valid_to).toBeNull();
  });

  it.each<[string, Relation, string, Partial<FactDraft>?]>([
    ['I used to live in Rome, but now I live in Porto', 'lives_in', 'Porto'],
    ['I used to hate tea but now love it', 'loves', 'tea'],
    ['I am used to cold winters', 'likes', 'cold winters'],
    ['I got used to living in Rome', 'lives_in', 'Rome'],
    ['I never used to like opera', 'likes', 'opera'],
    ['My mother used to play tennis', 'plays', 'tennis'],
    ['I used to visit Rome', 'visited', 'Rome'],
    ['I no longer eat meat', 'does', 'eat meat', { polarity: 'negative' }],
    ['I don’t like tea anymore', 'dislikes', 'tea'],
    ['I stopped drinking coffee', 'likes', 'coffee'],
    ['I quit smoking', 'other', 'smoking', { predicate: 'quit' }],
    ['I want to stop playing tennis', 'plays', 'tennis'],
  ])('holds on: %s (%s %s)', (said, relation, entity, changes = {}) => {
    expect(checkSaid(said, relation, entity, changes)).toMatchObject({ facts: [{ valid_to: null }] });
  });
});

describe('a positive fact whose words deny it', () => {
  it.each<[string, Relation, string, Partial<FactDraft>?]>([
    ['I have no pets', 'has', 'pets'],
    ['I don’t like tea', 'likes', 'tea'],
    ['I really do not like tea', 'loves', 'tea'],
    ['I don’t have any siblings', 'has', 'siblings'],
    ['I don’t live in Rome', 'lives_in', 'Rome'],
    ['I’m not a nurse', 'works_as', 'nurse'],
    ['I can’t play the guitar', 'plays', 'guitar'],
    ['I never play tennis', 'plays', 'tennis'],
    ['I don’t eat meat', 'does', 'eating meat'],
    ['I am not afraid of heights', 'other', 'heights', { predicate: 'is afraid of' }],
    ['I drink coffee without sugar', 'likes', 'sugar'],
  ])('is refused: %s', (said, relation, entity, changes = {}) => {
    expect(checkSaid(said, relation, entity, changes)).toEqual({
      facts: [],
      rejected: { 'polarity-contradicts': 1 },
    });
  });

  it('is refused also where the quote was cut behind the negation', () => {
    const cut = { evidence: [{ line: 1, quote: 'like tea' }] };
    expect(checkSaid('I don’t like tea', 'likes', 'tea', cut).rejected).toEqual({
      'polarity-contradicts': 1,
    });
  });

  it('is kept where other words of the user claim it', () => {
    const transcript = transcriptOf(['user', 'I have no pets'], ['user', 'I got pets today']);
    const pets = claim('has', 'pets', 'I have no pets');
    const evidence = [...pets.evidence, { line: 2, quote: 'I got pets today' }];
    expect(check(transcript, { ...pets, evidence }).facts).toHaveLength(1);
  });

  it.each<[string, Relation, string, Partial<FactDraft>?]>([
    ['I have no pets', 'has', 'pets', { polarity: 'negative' }],
    ['I don’t like tea', 'dislikes', 'tea'],
    ['I eat no meat', 'avoids', 'meat'],
    ['I can’t stop loving opera', 'loves', 'opera'],
    ['I can’t live without coffee', 'loves', 'coffee'],
    ['I don’t only like tea', 'likes', 'tea'],
    ['I couldn’t love opera more', 'loves', 'opera'],
    ['I don’t like tea, I love it', 'loves', 'tea'],
    ['I don’t like coffee but I love tea', 'loves', 'tea'],
    ['I don’t play tennis that often', 'plays', 'tennis'],
    ['I never liked opera until last year', 'likes', 'opera'],
    ['No, I have a cat', 'has', 'cat'],
    ['I haven’t found any inspiration', 'has', 'no inspiration'],
    ['My sister doesn’t like opera', 'likes', 'opera', { modality: 'about-someone-else' }],
    ['I don’t want to lose my cat', 'has', 'cat'],
    ['I love opera, don’t you?', 'loves', 'opera'],
  ])('is no contradiction: %s (%s %s)', (said, relation, entity, changes = {}) => {
    expect(checkSaid(said, relation, entity, changes)).toMatchObject({
      facts: [{ entity_name: entity }],
      rejected: {},
    });
  });
});

describe('a name that the user is said to have', () => {
  const named = (name: string, ...said: (readonly ['user' | 'assistant', string])[]) => {
    const evidence = said.map(([, content], index) => ({ line: index + 1, quote: content }));
    const { facts, rejected } = check(
      transcriptOf(...said),
      claim('is_named', name, '', { entity_type: 'name', evidence }),
    );
    return facts[0]?.entity_name ?? rejected;
  };

  it.each([
    'Hi Aria!',
    'Thank you so much, Aria',
    'Good morning Aria, I slept badly',
    'Aria, are you there? I am sad',
  ])('is not the bot’s, spoken to: %s', (said) => {
    expect(named('Aria', ['user', said])).toEqual({ 'entity-is-bot': 1 });
  });

  it('is not the name of whoever is greeted', () => {
    expect(named('Hazel', ['user', 'Hello Hazel, nice day'])).toEqual({ 'entity-is-bot': 1 });
  });

  it.each([
    'My name is Aria too',
    'Hi Aria, I’m also Aria',
    'call me Aria',
    'Aria here',
    'Me llamo Aria',
    'Hello, Aria is my name as well',
  ])('may be the bot’s, introduced: %s', (said) => {
    expect(named('Aria', ['user', said])).toBe('Aria');
  });

  it('may be the bot’s as the answer to a question for it', () => {
    expect(named('Aria', ['assistant', 'What is your name?'], ['user', 'Aria'])).toBe('Aria');
    expect(named('Aria', ['assistant', 'What is your name?'], ['user', 'Hi Aria'])).toEqual({
      'entity-is-bot': 1,
    });
  });
});

describe('a name that is a list', () => {
  const names = (said: string, relation: Relation, entity: string, changes: Partial<FactDraft> = {}) =>
    checkSaid(said, relation, entity, changes).facts.map(({ entity_name: name }) => name);

  it.each<[string, Relation, string, string[]]>([
    ['I love pizza and sushi', 'loves', 'pizza and sushi', ['pizza', 'sushi']],
    ['I hate pizza, pasta and sushi', 'hates', 'pizza, pasta, and sushi', ['pizza', 'pasta', 'sushi']],
    ['I have a cat and a dog', 'has', 'cat and dog', ['cat', 'dog']],
    ['I like green tea & coffee', 'likes', 'green tea and coffee', ['green tea', 'coffee']],
    ['I speak English and Spanish', 'speaks', 'English and Spanish', ['English', 'Spanish']],
  ])('becomes a fact for each: %s', (said, relation, entity, expected) => {
    expect(names(said, relation, entity)).toEqual(expected);
  });

  it('gives each member the evidence and the checks of the whole', () => {
    const { facts, rejected } = checkSaid('I love pizza and things', 'loves', 'pizza and sushi');
    expect([facts.length, rejected]).toEqual([1, {}]);
    const both = checkSaid('I love pizza and sushi', 'loves', 'pizza and sushi').facts;
    expect(both.map(({ evidence }) => evidence)).toEqual(
      Array(2).fill([{ message_id: 'm1', quote: 'I love pizza and sushi' }]),
    );
  });

  it.each<[string, Relation, string]>([
    ['I love rock and roll', 'loves', 'rock and roll'],
    ['I love mac and cheese', 'loves', 'mac and cheese'],
    ['I visited Bosnia and Herzegovina', 'visited', 'Bosnia and Herzegovina'],
    ['I love Simon and Garfunkel', 'loves', 'Simon and Garfunkel'],
    ['I like red and white wine', 'likes', 'red and white wine'],
    ['I like sunny and warm weather', 'likes', 'sunny and warm weather'],
    ['I enjoy walking dogs and cats', 'enjoys', 'walking dogs and cats'],
    ['I enjoy cooking and eating fish', 'enjoys', 'cooking and eating fish'],
    ['I like books and films about war', 'likes', 'books and films about war'],
    ['I plan to quit and travel', 'plans_to', 'quit and travel'],
    ['I love pizza. Sushi is fine', 'loves', 'pizza and sushi'],
  ])('stays one where that is not sure: %s', (said, relation, entity) => {
    expect(names(said, relation, entity)).toEqual([entity]);
  });

  it('stays one where details belong to all of it', () => {
    const attributes = [{ name: 'count', value: 'three' }];
    expect(names('I have cats and dogs, three', 'has', 'cats and dogs', { attributes })).toEqual([
      'cats and dogs',
    ]);
  });
});
