import { describe, expect, it } from 'vitest';
import { offlineFacts } from '../../../src/extract/offline/facts.ts';
import { offlineSummary } from '../../../src/extract/offline/summary.ts';
import { runOffline } from '../../../src/extract/run-offline.ts';
import { builtInStages } from '../../../src/extract/stages/built-in-stages.ts';
import { summaryStage } from '../../../src/extract/stages/summary.ts';
import { languageOf } from '../../../src/extract/window-language.ts';
import { bot, conversation, user, type Said } from './conversation.ts';

const german = [
  user('Hallo! Ich heiße Jana und wohne seit zwei Jahren in Leipzig.'),
  bot('Schön, dich kennenzulernen, Jana! Was machst du gern?'),
  user('Am Wochenende backe ich Brot, meistens Roggenbrot mit Sauerteig.'),
  bot('Das klingt lecker. Backst du allein?'),
  user('Meine Schwester hilft mir, und der Sauerteig ist von unserer Oma. Kennst du ein gutes Rezept?'),
  bot('Gern! Versuch es einmal mit Kümmel.'),
  user('Danke. Nächsten Monat backen wir das Brot für die Hochzeit von einem Freund.'),
];

const spanish = [
  user('Hola, me llamo Pablo y soy enfermero en un hospital de Valencia.'),
  bot('¡Encantada, Pablo! ¿Te gusta tu trabajo?'),
  user('Sí, pero esta semana los turnos de noche me dejan muy cansado.'),
  bot('Lo siento. ¿Qué haces para descansar?'),
  user('Después de los turnos paseo con mi perra Lola por la playa.'),
  bot('Qué bonito.'),
  user('La playa y la perra me dan tranquilidad. ¿Conoces otra playa cerca de Valencia?'),
];

const japanese = [
  user('こんにちは。大阪で看護師をしています。'),
  bot('はじめまして。お仕事はどうですか?'),
  user('夜勤が多くて少し疲れています。でも料理をすると元気になります。'),
  bot('どんな料理が好きですか?'),
  user('週末は母と一緒にカレーを作ります。カレーには林檎を入れます。'),
  bot('おいしそうですね。'),
  user('来月は妹と京都へ旅行に行く予定です。京都の料理が楽しみです。'),
];

const stagesCalled = (wanted: string) => builtInStages.filter(({ name }) => name === wanted);

/** English words that a narrator would put around what somebody said. */
const englishGlue =
  /\b(?:the user|they|wrote|mainly|about|and|talked|asked|greetings|brief|German|Spanish|Japanese)\b/i;

describe.each<[string, readonly Said[], RegExp, readonly string[]]>([
  ['de', german, /^In den Worten der Person: „.+“$/u, ['Brot', 'Sauerteig']],
  ['es', spanish, /^En palabras de la persona: «.+»$/u, ['turnos', 'playa']],
  ['ja', japanese, /^本人の言葉:「.+」$/u, ['料理', '京都']],
])('a conversation in %s', (language, said, frame, topics) => {
  const transcript = conversation(said);

  it('is known for its language', () => {
    expect(languageOf(transcript)).toBe(language);
  });

  it('is summed up in that language by sentences of the user, word for word', () => {
    const [summary] = runOffline(stagesCalled('summary'), transcript);
    if (summary?.status !== 'done') throw new Error('no summary');
    const { summary_text: text, key_topics: named } = summaryStage.resultSchema.parse(summary.result);
    expect(text).toMatch(frame);
    expect(text).not.toMatch(englishGlue);
    const words = said.filter(({ role }) => role === 'user').map(({ content }) => content);
    const quoted = text.replace(/^.*?[„«「]|[“»」]$/gu, '');
    for (const sentence of quoted.split(/(?<=[.!。])\s*/u).filter((part) => part !== ''))
      expect(words.some((content) => content.includes(sentence))).toBe(true);
    expect(text).not.toMatch(/[?？]/u);
    expect(named).toEqual(expect.arrayContaining([...topics]));
    expect(named.join(' ')).not.toMatch(englishGlue);
  });

  it('gives no facts rather than wrong ones', () => {
    expect(offlineFacts(transcript).facts).toEqual([]);
    expect(runOffline(stagesCalled('facts'), transcript)).toMatchObject([
      { status: 'done', result: { facts: [] } },
    ]);
  });

  it('is the same words each time', () => {
    expect(offlineSummary(conversation(said))).toEqual(offlineSummary(conversation(said)));
  });
});

describe('a conversation of two languages', () => {
  const mixed = [
    user('I moved to Leipzig, and I love my new flat.'),
    bot('Wonderful! Kannst du schon Deutsch?'),
    user('Ja, ich habe einen Hund und zwei Katzen in der Wohnung.'),
    bot('Schön!'),
    user('But I am still more comfortable in English, and I want to take a course.'),
  ];

  it('is read where it is English, when most of it is', () => {
    expect(languageOf(conversation(mixed))).toBe('en');
    const { facts } = offlineFacts(conversation(mixed));
    expect(facts.map(({ entity_name }) => entity_name)).toContain('Leipzig');
    expect(facts.flatMap(({ evidence }) => evidence.map(({ line }) => line))).not.toContain(3);
  });

  it('gives no facts when most of it is not', () => {
    const mostlyGerman = [...german, user('By the way, I love sushi.')];
    expect(languageOf(conversation(mostlyGerman))).toBe('de');
    expect(offlineFacts(conversation(mostlyGerman)).facts).toEqual([]);
  });
});

describe('a conversation too short to tell its language', () => {
  const short = [user('ok'), bot('Was möchtest du tun?'), user('no'), bot('Gut.'), user('haha')];

  it('is undetermined, and nothing is made of it', () => {
    expect(languageOf(conversation(short))).toBe('und');
    expect(offlineFacts(conversation(short)).facts).toEqual([]);
  });

  it('in a language that is told has no summary rather than an English one', () => {
    const greeting = [user('Hallo!'), bot('Hallo!'), user('Und du?'), bot('Gut.'), user('Ja, danke.')];
    expect(languageOf(conversation(greeting))).toBe('de');
    expect(runOffline(stagesCalled('summary'), conversation(greeting))).toMatchObject([
      { status: 'skipped', reason: 'offline-not-good-enough' },
    ]);
  });
});
