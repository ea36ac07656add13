import { describe, expect, it } from 'vitest';
import { detectLanguage, isPlainlyForeign } from '../../../src/extract/offline/detect-language.ts';
import { languageOf } from '../../../src/extract/window-language.ts';
import { bot, conversation, user } from './conversation.ts';

describe('the language of a text', () => {
  it.each([
    ['en', 'I was in the garden this morning and planted some beans.'],
    ['de', 'Gestern war ich im Garten und habe Bohnen gepflanzt.'],
    ['es', 'Ayer estuve en el jardín y planté judías con mi hermana.'],
    ['fr', "Hier j'étais dans le jardin et j'ai planté des haricots."],
    ['it', 'Ieri ero in giardino e ho piantato i fagioli con mia sorella.'],
    ['pt', 'Ontem estive no jardim e plantei feijão com a minha irmã.'],
    ['nl', 'Gisteren was ik in de tuin en heb ik bonen geplant.'],
    ['ja', '昨日は庭で豆を植えました。'],
    ['zh', '昨天我在花园里种了豆子。'],
    ['ko', '어제 정원에 콩을 심었어요.'],
    ['ru', 'Вчера я сажала фасоль в саду.'],
    ['uk', 'Вчора я садила квасолю в саду і їла вишні.'],
  ])('%s: %s', (language, text) => {
    expect(detectLanguage(text)).toBe(language);
  });

  it.each([
    ['nothing', ''],
    ['signs and numbers', '12:30 😀 !!'],
    ['a word of many languages', 'no'],
    ['names', 'Lisbon'],
    ['a language that is not known here', 'Tere minu nimi Mari elan Tallinnas koos perega peame koera kassi'],
  ])('is undetermined of %s', (_, text) => {
    expect(detectLanguage(text)).toBe('und');
  });

  it('is the one that most is written in', () => {
    const german = 'Ich habe heute lange mit meiner Schwester telefoniert und wir haben viel gelacht. ';
    expect(detectLanguage(`${german.repeat(3)} See you later, it was nice to talk with you!`)).toBe('de');
    expect(
      detectLanguage(
        `I said "Guten Morgen" to my neighbor, and he was happy. ${'The day was fine. '.repeat(3)}`,
      ),
    ).toBe('en');
    expect(detectLanguage('私は JavaScript と TypeScript を毎日書いています。とても楽しいです。')).toBe('ja');
  });

  it('is not that of code and addresses', () => {
    expect(
      detectLanguage(
        'Wie geht das? ```for (let i of the) { this.and(that); }``` https://example.org/the/and',
      ),
    ).toBe('de');
  });

  it('of one message is called foreign only where it plainly is', () => {
    expect(isPlainlyForeign('Ich habe einen Hund und zwei Katzen.')).toBe(true);
    expect(isPlainlyForeign('私は犬を飼っています。')).toBe(true);
    for (const text of [
      'I like the word Schadenfreude.',
      'We die laughing',
      'ok',
      'Me too!',
      'Sushi con queso',
    ])
      expect(isPlainlyForeign(text)).toBe(false);
  });
});

it('the language of a window is that of its user, whatever the bot writes', () => {
  expect(
    languageOf(conversation([bot('Hello! How was the day?'), user('Ich bin müde und habe Hunger.')])),
  ).toBe('de');
  expect(languageOf(conversation([bot('Hello! How was the day?')]))).toBe('und');
});
