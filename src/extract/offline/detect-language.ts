import { wordSet } from './lexicon/word-set.ts';

const scripts: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['zh', /\p{Script=Han}/gu],
  ['uk', /[іїєґ]/giu],
  ['ru', /\p{Script=Cyrillic}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['th', /\p{Script=Thai}/gu],
  ['el', /\p{Script=Greek}/gu],
];

/** Words that only their own language uses often. */
const commonWords: readonly (readonly [string, ReadonlySet<string>])[] = [
  [
    'en',
    wordSet(
      'the and i you is are my to of it that have has was for with what do not but this be can like your they she he we',
      "i'm don't it's yes no hello thanks am at from how about would good really love two in on so me",
    ),
  ],
  [
    'es',
    wordSet(
      'el la los las que y en un una es por con para mi me gusta yo pero muy hola tengo soy está estoy qué cómo sí gracias',
    ),
  ],
  [
    'fr',
    wordSet(
      "le la les et est je tu vous une un des que pas pour dans avec mon ma suis j'ai c'est j'aime bonjour merci oui très mais",
    ),
  ],
  [
    'de',
    wordSet(
      'der die das und ich ist nicht ein eine mit für auf zu mein meine bin habe du sie wir wie hallo danke ja sehr auch aber',
    ),
  ],
  [
    'it',
    wordSet(
      'il lo gli che di è sono per con non una un mi piace ho ciao grazie molto anche ma come della questo mia mio',
    ),
  ],
  [
    'pt',
    wordSet(
      'o os um uma que e de do da em não para com eu meu minha você gosto muito obrigado olá sim mas está tenho sou',
    ),
  ],
  [
    'nl',
    wordSet(
      'de het een en ik is niet van met mijn je jij ben heb voor dat wat hoe hallo bedankt ook maar zeer op',
    ),
  ],
  ['pl', wordSet('i w na nie jest się to że mam mój moja jestem z do jak cześć dziękuję tak ale lubię')],
  ['tr', wordSet('ve bir bu ben için çok de da ne var benim merhaba teşekkürler evet ama seviyorum')],
  ['sv', wordSet('och jag är det att en ett inte på som med har min mitt hej tack ja men mycket')],
  ['id', wordSet('saya aku yang dan di ini itu tidak untuk dengan ada suka halo terima kasih ya tapi')],
];

/**
 * The language of a text as a tag ('en', 'es', …); 'und' when there is too little to
 * tell. Cheap on purpose: it decides only whether English rules may be tried.
 */
export function detectLanguage(text: string): string {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return 'und';
  const script = scripts.find(([, pattern]) => (text.match(pattern)?.length ?? 0) > letters * 0.2);
  return script?.[0] ?? ofLatinWords(text);
}

function ofLatinWords(text: string): string {
  const words =
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}']+/gu) ?? [];
  const scores = commonWords
    .map(([language, common]) => [language, words.filter((word) => common.has(word)).length] as const)
    .sort((a, b) => b[1] - a[1]);
  const [best, second] = scores;
  if (best === undefined || best[1] === 0) return 'und';
  // A tie says that the few words known belong to several languages.
  return best[1] > (second?.[1] ?? 0) ? best[0] : 'und';
}

/** The words of a language's grammar, as far as known here. */
export function commonWordsOf(language: string): ReadonlySet<string> {
  return commonWords.find(([name]) => name === language)?.[1] ?? new Set();
}
