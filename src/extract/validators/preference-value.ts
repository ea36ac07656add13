import { emojiUses, formalityLevels, responseLengths, type PreferenceKey } from '../../model/results.ts';
import { cleanEntity, holdsMarkup, refuseEntity } from './entity.ts';
import { languageTag } from './language-tag.ts';
import { wordOf, type VocabularyWord } from './vocabulary.ts';

/**
 * Brings a preference's value into the form that readers may rely on, or refuses it
 * (undefined): an IANA zone, a BCP-47 tag, a word of a small vocabulary, plain text.
 */
export function normalizePreferenceValue(key: PreferenceKey, value: string): string | undefined {
  const text = value.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (text === '' || /[\p{Cc}]|\w:\/\/|<\/?\w+/u.test(text)) return undefined;
  return normalizers[key](text);
}

const normalizers: Readonly<Record<PreferenceKey, (text: string) => string | undefined>> = {
  preferred_name: toName,
  location: toName,
  pronouns: toPronouns,
  timezone: toTimeZone,
  language: languageTag,
  communication_style: (text) => toPlainText(text, 100),
  topic_preferences: toTopic,
  topics_to_avoid: toTopic,
  response_length: (text) => wordOf(text, lengths),
  formality_level: (text) => wordOf(text, formalities),
  use_emojis: toEmojiUse,
};

const [short, medium, long] = responseLengths;
const lengths: readonly VocabularyWord[] = [
  {
    value: short,
    words: /\b(?:short|shorter|brief|briefly|concise|terse|succinct|small|minimal|quick|one|few)\b/g,
  },
  {
    value: long,
    words:
      /\b(?:long|longer|lengthy|detailed|detail|details|in-depth|thorough|verbose|elaborate|extensive|full)\b/g,
    denied: short,
  },
  { value: medium, words: /\b(?:medium|moderate|normal|balanced|average|standard)\b/g },
];

const [casual, neutral, formal] = formalityLevels;
const formalities: readonly VocabularyWord[] = [
  { value: casual, words: /\b(?:casual|informal|relaxed|friendly|colloquial|low|chill)\b/g },
  { value: formal, words: /\b(?:formal|professional|polite|high|business)\b/g, denied: casual },
  { value: neutral, words: /\b(?:neutral|medium|moderate|balanced|normal)\b/g },
];

const [yes, no] = emojiUses;

/** Two negations ("never avoid", "don't mind") and degrees ("not too many") are neither a yes nor a no. */
const unclearEmojis =
  /(?:\b(?:no|not|never)|n't) (?:to )?(?:stop|avoid|without|mind|dislike|hate)|(?:\bnot|n't) (?:\w+ ){0,2}(?:too|so|that|as|very) (?:many|much|often)\b|\bnot (?:always|only)\b/;

function toEmojiUse(text: string): string | undefined {
  const lower = text.toLowerCase().replaceAll('’', "'");
  if (unclearEmojis.test(lower)) return undefined;
  if (/\b(?:no|not|none|never|false|without|avoid|off|\w+n't|dont|stop|zero|dislikes?|hates?)\b/.test(lower))
    return no;
  return /\b(?:yes|true|always|on|often|sometimes|please|likes?|loves?|more|use)\b/.test(lower)
    ? yes
    : undefined;
}

function toPlainText(text: string, maxLength: number): string | undefined {
  const { length } = Array.from(text);
  const isText = length >= 2 && length <= maxLength && /\p{L}/u.test(text);
  return isText && !holdsMarkup(text) ? text : undefined;
}

function toName(text: string): string | undefined {
  const name = cleanEntity(text);
  return refuseEntity(name) === undefined ? name : undefined;
}

function toTopic(text: string): string | undefined {
  const topic = cleanEntity(text);
  const refusal = refuseEntity(topic);
  // A topic may be longer than a name ("news about the war in the evening").
  if (refusal === 'entity-length') return toPlainText(topic, 100);
  return refusal === undefined ? topic : undefined;
}

const pronounSets: Readonly<Record<string, string>> = {
  he: 'he/him',
  him: 'he/him',
  she: 'she/her',
  her: 'she/her',
  they: 'they/them',
  them: 'they/them',
  it: 'it/its',
  any: 'any',
  'any pronouns': 'any',
};

function toPronouns(text: string): string | undefined {
  const lower = text
    .toLowerCase()
    .replace(/\s*(?:\/|,|\band\b)\s*/gu, '/')
    .replace(/ pronouns$/u, '');
  return pronounSets[lower] ?? (/^\p{L}{1,12}(?:\/\p{L}{1,12}){1,3}$/u.test(lower) ? lower : undefined);
}

/** Names of places only: an abbreviation ("EST") is no zone, for it forgets daylight saving. */
function toTimeZone(text: string): string | undefined {
  const offset = /^(?:utc|gmt)\s?([+-])(\d{1,2})(?::?00)?$/iu.exec(text);
  // The signs of Etc zones are turned round: Etc/GMT-2 is two hours ahead of UTC.
  const name = offset === null ? text : `Etc/GMT${offset[1] === '+' ? '-' : '+'}${String(Number(offset[2]))}`;
  if (!name.includes('/') && !/^(?:utc|gmt)$/iu.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name.replaceAll(' ', '_') }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
