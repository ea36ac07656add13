import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offlineFacts } from '../../../src/extract/offline/facts.ts';
import { offlinePreferences } from '../../../src/extract/offline/preferences.ts';
import { offlineSummary } from '../../../src/extract/offline/summary.ts';
import { factsStage } from '../../../src/extract/stages/facts.ts';
import { preferencesStage } from '../../../src/extract/stages/preferences.ts';
import { summaryStage } from '../../../src/extract/stages/summary.ts';
import { addressesReader } from '../../../src/extract/validators/third-person.ts';
import { languageOf } from '../../../src/extract/window-language.ts';
import { bot, conversation, user, type Said } from './conversation.ts';

const talk = [
  user("Hi, I'm Ana. I'm feeling a bit anxious today."),
  bot('Hello Ana! What is troubling you? I am here to listen to you whenever you like.'),
  user('I have an exam tomorrow. Do you have any good ways to relieve stress?'),
  bot(
    'You could take a walk, breathe deeply, or listen to calm music. What do you enjoy doing in the evening?',
  ),
  user('I enjoy painting and playing the piano.'),
  bot('Then an evening with colours and music may be just right for you. Good luck with the exam!'),
];

describe('an English conversation', () => {
  it('is told in the third person, from what the user said', () => {
    const summary = offlineSummary(conversation(talk));
    expect(summary.summary_text).toMatch(/^The user /);
    expect(summary.summary_text).toContain('felt anxious');
    expect(summary.summary_text).toContain('an exam');
    expect(addressesReader(summary.summary_text)).toBe(false);
    expect(summary.key_topics).toEqual(expect.arrayContaining(['exam', 'painting', 'playing piano']));
    expect(summary.emotional_tone).toBe('negative');
    expect(summary.cited_lines).toEqual(expect.arrayContaining([1, 3]));
  });

  it('asks for what the user asked for, in their place', () => {
    const { summary_text } = offlineSummary(
      conversation([
        ...talk,
        user('Could you recommend some recipes that help me sleep?'),
        bot('Of course, here is one for you.'),
      ]),
    );
    expect(summary_text).toContain('asked for ways to relieve stress');
  });

  it('is the same words each time', () => {
    expect(offlineSummary(conversation(talk))).toEqual(offlineSummary(conversation(talk)));
  });

  it.each([
    ['positive', ['I am so happy, I passed my exam!', 'We won the cup, what a wonderful day.']],
    ['negative', ['I feel sad and lonely.', 'Everything is terrible.']],
    ['mixed', ['I am happy about my new job.', 'But I feel so lonely.']],
    ['neutral', ['Hello there!', 'Thank you so much, goodbye!']],
  ])('has a %s tone where the user has', (tone, said) => {
    expect(offlineSummary(conversation(said.map(user))).emotional_tone).toBe(tone);
  });
});

describe('any other conversation', () => {
  it('is told in its own language, by its own sentences and the words said most', () => {
    const summary = offlineSummary(
      conversation([
        user('Hola, me gusta mucho el fútbol.'),
        bot('¡Qué bien! ¿Juegas al fútbol?'),
        user('Sí, juego al fútbol con mis hermanos en Madrid y también escucho música.'),
        user('La música es muy importante para mi familia.'),
      ]),
    );
    expect(summary.summary_text).toMatch(/^En palabras de la persona: «.*fútbol.*»$/);
    expect(summary.key_topics).toContain('música');
  });

  it('cuts words of scripts that write no spaces', () => {
    const said = '我喜欢打羽毛球,我每个周末和朋友打羽毛球。';
    const summary = offlineSummary(
      conversation([
        user(said),
        bot('很好!打羽毛球对身体很有好处,你们一般在哪里打?'),
        user('羽毛球很有意思,我也喜欢音乐。'),
      ]),
    );
    expect(summary.summary_text).toMatch(/^用户的原话:“.*羽毛球.*”$/u);
    expect(summary.key_topics).toContain('羽毛球');
  });

  it('claims nothing of greetings', () => {
    const summary = offlineSummary(
      conversation([user('hi'), bot('Hello! How are you today?'), user('ok'), user('bye'), bot('Bye!')]),
    );
    expect(summary.summary_text).toBe('A brief exchange.');
  });
});

const words = fc.constantFrom(
  ...(
    'I like my "cat" cats, and or don\'t have you the * > dog called Rex ? . ! 12 é 猫 😂 http://a.b/c ```x``` \n to visit Rome if was ' +
    'feeling sad because they because said that is name Ana; yes no never used live in'
  ).split(' '),
);
const message = fc.array(words, { maxLength: 25 }).map((parts) => parts.join(' '));
const lines: fc.Arbitrary<Said[]> = fc.array(
  fc.record({
    role: fc.constantFrom('user', 'assistant', 'system', 'tool'),
    content: fc.oneof(message, fc.string({ unit: 'grapheme' })),
  }),
  { minLength: 1, maxLength: 8 },
);

it('answers for whatever was typed: drafts that hold, and no summary longer than its transcript', () => {
  fc.assert(
    fc.property(lines, (said) => {
      const transcript = conversation(said);
      const facts = offlineFacts(transcript);
      for (const { evidence } of facts.facts)
        for (const { line, quote } of evidence) expect(said[line - 1]?.content).toContain(quote);
      factsStage.check(facts, transcript);
      preferencesStage.check(offlinePreferences(transcript), transcript);
      const draft = offlineSummary(transcript);
      // Too little in another language has no summary, which the stage refuses: nothing is made up.
      if (draft.summary_text === '' || draft.key_topics.length < 2) {
        expect(languageOf(transcript)).not.toBe('en');
        return;
      }
      const { result } = summaryStage.check(draft, transcript);
      const length = said
        .filter(({ content }) => content.trim() !== '')
        .reduce((sum, { content }) => sum + content.length, 0);
      expect(result.summary_text.length).toBeLessThanOrEqual(Math.max(1, length));
    }),
    { numRuns: 300, seed: 20260501 },
  );
});
