import { describe, expect, it } from 'vitest';
import { offlinePreferences } from '../../../src/extract/offline/preferences.ts';
import { preferencesStage } from '../../../src/extract/stages/preferences.ts';
import { conversation, user } from './conversation.ts';

/** "key value", as it leaves the stage's check; what only shows is marked. */
function wished(...said: string[]): string[] {
  const transcript = conversation(said.map(user));
  const { result, rejected } = preferencesStage.check(offlinePreferences(transcript), transcript);
  expect(rejected).toEqual({});
  return result.preferences.map(
    ({ key, value, explicit }) => `${key} ${value}${explicit ? '' : ' (implied)'}`,
  );
}

describe('requests in words', () => {
  it.each([
    ['Hmm, I think you can call me Lulu.', ['preferred_name Lulu']],
    ['Please keep your answers short.', ['response_length short']],
    ['I prefer detailed answers.', ['response_length long']],
    ['no emojis please', ['use_emojis no']],
    ['Can you speak in Spanish?', ['language es']],
    ["I don't want to talk about my ex anymore.", ['topics_to_avoid ex']],
    ['My pronouns are they/them.', ['pronouns they/them']],
    ['My timezone is Europe/Berlin', ['timezone Europe/Berlin']],
    ["Don't sugarcoat it.", ['communication_style honest and direct']],
    ['You can be more casual with me.', ['formality_level casual']],
    ['I love talking about astronomy.', ['topic_preferences astronomy']],
  ])('%s', (sentence, expected) => {
    expect(wished(sentence)).toEqual(expected);
  });

  it.each([
    'Call me later!',
    "Why don't you mention the movie?",
    'It was a short answer.',
    'I like short stories.',
  ])('is no request: %s', (sentence) => {
    expect(wished(sentence)).toEqual([]);
  });

  it('lets the later of two requests stand', () => {
    expect(wished('Please keep your answers short.', 'No, I want longer answers.')).toEqual([
      'response_length long',
    ]);
  });
});

describe('what only shows', () => {
  it('takes a name that was told, until another is asked for', () => {
    expect(wished("Hi, I'm Luna.")).toEqual(['preferred_name Luna (implied)']);
    expect(wished("Hi, I'm Luna.", 'You can call me Lulu.')).toEqual(['preferred_name Lulu']);
  });

  it('takes a home that still is one', () => {
    expect(wished('I live in Lisbon.')).toEqual(['location Lisbon (implied)']);
    expect(wished('I used to live in Lisbon.')).toEqual([]);
  });

  it('notices another language after three messages in it', () => {
    const said = [
      'Hola, ¿cómo estás?',
      'Me gusta mucho el fútbol y la música',
      'Soy de Madrid pero vivo con mi familia',
    ];
    expect(wished(...said)).toEqual(['language es (implied)']);
    expect(wished(...said.slice(0, 2))).toEqual([]);
  });

  it('notices a habit of emojis, not a single one', () => {
    expect(wished('hi 😂', 'ok 😂', 'nice', '😂😂')).toEqual(['use_emojis yes (implied)']);
    expect(wished('hi 😂', 'ok', 'nice', 'well')).toEqual([]);
  });
});
