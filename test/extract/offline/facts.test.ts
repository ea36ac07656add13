import { describe, expect, it } from 'vitest';
import { offlineFacts } from '../../../src/extract/offline/facts.ts';
import { factsStage } from '../../../src/extract/stages/facts.ts';
import { bot, conversation, user } from './conversation.ts';
import { learnt } from './learnt.ts';

describe('what the user says in their own sentences', () => {
  it.each([
    [
      'splits lists',
      'I like pizza, sushi and playing chess.',
      ['likes pizza', 'likes sushi', 'likes playing chess'],
    ],
    [
      'takes examples instead of the general word',
      'I like activities such as climbing and dancing.',
      ['likes climbing', 'likes dancing'],
    ],
    [
      'shares the head of a list',
      'I prefer Sichuan and Cantonese cuisine.',
      ['prefers Sichuan cuisine', 'prefers Cantonese cuisine'],
    ],
    ['turns a denied liking into a dislike', "I don't like mushrooms.", ['dislikes mushrooms']],
    ['keeps what is denied as denied', "I don't have a car.", ['owns car -']],
    [
      'keeps colour and number as attributes',
      'I have two cats and a green car.',
      ['owns cats [count 2]', 'owns car [color green]'],
    ],
    ['calls a pet by its name', 'I have a dog named Rex.', ['owns Rex [kind dog]']],
    ['knows relatives and their names', 'My sister Anna is nice.', ['has sister (implied) [name Anna]']],
    [
      'knows an occupation and an employer',
      "I'm a software engineer at Google.",
      ['works_as software engineer', 'works_at Google'],
    ],
    ['knows a home with its country', 'I live in Oslo, Norway.', ['lives_in Oslo, Norway']],
    ['knows an age', "I'm 31 years old.", ['is_aged 31']],
    [
      'knows studies and where',
      'I study computer science at MIT.',
      ['studies computer science', 'studied_at MIT'],
    ],
    ['knows languages', 'I speak English and a little French.', ['speaks English', 'speaks French']],
    ['knows wishes as actions', "I'd love to visit Japan next year.", ['wants visit Japan']],
    [
      'knows plans',
      "I'm going to see a movie with my friends tonight.",
      ['plans_to see a movie with friends'],
    ],
    [
      'knows pastimes',
      'I collect stamps and vintage postcards.',
      ['does collecting stamps', 'does collecting vintage postcards'],
    ],
    [
      'knows feelings and their cause',
      'I am really worried about my performance.',
      ['feels worried [about performance]'],
    ],
    ['knows an allergy', 'I am allergic to peanuts.', ['allergic_to peanuts']],
    ['knows favourites', 'My favorite color is blue.', ['prefers blue [favorite color]']],
    [
      'knows works by their title',
      'I watched a movie called "Police Story".',
      ['has watched Police Story [kind movie]'],
    ],
    [
      'takes up a statement that ends in a question',
      "I've been learning chess, do you like it?",
      ['studies chess'],
    ],
  ])('%s', (_, sentence, expected) => {
    expect(learnt(sentence)).toEqual(expected);
  });

  it('closes what is over', () => {
    const facts = offlineFacts(
      conversation([user('I used to live in Rome.'), user("I don't play tennis anymore.")]),
    ).facts;
    expect(facts.map(({ entity_name, polarity, valid_to }) => [entity_name, polarity, valid_to])).toEqual([
      ['Rome', 'positive', '2024-05-05T12:00:00.000Z'],
      ['tennis', 'positive', '2024-05-05T12:01:00.000Z'],
    ]);
  });

  it('reads when it began', () => {
    const facts = offlineFacts(
      conversation([user("I've lived in Madrid since 2015."), user('I visited Peru last year.')]),
    ).facts;
    expect(facts.map(({ valid_from }) => valid_from)).toEqual(['2015', '2023']);
  });

  it('marks what is not meant as so', () => {
    expect(learnt("If I had a dog, I'd call him Max.")).toEqual(['owns dog (hypothetical)']);
    expect(learnt('just kidding, I own a yacht')).toEqual(['owns yacht (joking)']);
    expect(learnt('My brother owns a boat.')).toContain('owns boat (about-someone-else) [person brother]');
  });
});

describe('answers that need their question', () => {
  it.each([
    ['Do you have any pets?', 'Yes, two cats', ['owns cats [count 2]']],
    ['Do you have pets?', "No, I don't.", ['owns pets -']],
    ['Do you like jazz?', 'Yeah!', ['likes jazz']],
    ["What's your name?", 'Ivy', ['is_named Ivy']],
    ['Where do you live?', 'Lisbon, near the river', ['lives_in Lisbon']],
    ['What languages do you speak?', 'Spanish and Dutch', ['speaks Spanish', 'speaks Dutch']],
  ])('%s / %s', (question, answer, expected) => {
    expect(learnt(bot(question), answer)).toEqual(expected);
  });

  it('cites the question and the answer', () => {
    const [fact] = offlineFacts(
      conversation([bot('I see. Do you have any pets?'), user('Yes, two cats')]),
    ).facts;
    expect(fact?.evidence).toEqual([
      { line: 1, quote: 'Do you have any pets?' },
      { line: 2, quote: 'Yes, two cats' },
    ]);
  });

  it('does not take what the bot says of itself for the user', () => {
    expect(learnt(bot('I love hiking and I live in Rome.'), 'Cool!')).toEqual([]);
  });
});

describe('what is no memory', () => {
  it.each([
    'I like it.',
    'I like how you think.',
    'I love you.',
    'I have a question.',
    'I have no idea.',
    "I'm Hungry",
    "I'm glad to chat with you.",
    'I want to talk to you about something.',
    'Do I like pizza?',
    'Do you think I should read that book?',
    'I will enjoy the activities I like to the fullest.',
    'She said "I love cats"',
    '> I love snakes\nok',
    'I will try these methods, thank you.',
    'I would like some tips.',
    '*I pet my dog*',
    'Me gusta el fútbol y tengo un perro en Madrid.',
    '我喜欢打羽毛球,我叫小明。',
  ])('%s', (sentence) => {
    expect(learnt(sentence)).toEqual([]);
  });
});

it('names neither the bot nor the user as a thing', () => {
  expect(learnt('I like Companion.', 'I love Zed.')).toEqual([]);
});

it('passes the checks of the stage with every quote verbatim, whatever marks the keyboard makes', () => {
  const transcript = conversation([user('I’ve got two brothers — and I don’t like “loud” music.')]);
  const draft = offlineFacts(transcript);
  const { result, rejected } = factsStage.check(draft, transcript);
  expect(rejected).toEqual({});
  expect(result.facts.length).toBeGreaterThan(0);
  for (const { evidence } of draft.facts)
    for (const { quote } of evidence) expect(transcript.lines[0]?.message.content).toContain(quote);
});
