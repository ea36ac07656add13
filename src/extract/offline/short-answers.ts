import type { Relation } from '../../model/results.ts';
import type { FactDraft } from '../stages/drafts.ts';
import { withBoth, yes } from './both-lines.ts';
import { typeOfItem, type Claim } from './claims.ts';
import type { Sentence, Token } from './language-model.ts';
import { languages, occupations, typeOfHead } from './lexicon/entity-heads.ts';
import { readList, type ListItem } from './lists.ts';
import { joined, readNounPhrase, takeWhile } from './phrases.ts';
import type { BotQuestion, Utterance } from './reading.ts';

interface ShortAnswerRule {
  readonly asks: RegExp;
  read(first: Sentence): Claim[];
}

const shortAnswers: readonly ShortAnswerRule[] = [
  { asks: /\bwhat(?:'s| is) your name\b|\bmay i (?:know|ask) your name\b/i, read: nameIn },
  { asks: /\bhow old are you\b|\bwhat(?:'s| is) your age\b/i, read: ageIn },
  {
    asks: /\bwhere do you (?:currently )?live\b|\bwhere are you living\b/i,
    read: (first) => placeIn(first, 'lives_in'),
  },
  {
    asks: /\bwhere are you (?:originally )?from\b|\bwhere do you come from\b/i,
    read: (first) => placeIn(first, 'from'),
  },
  {
    asks: /\bwhat do you do (?:for (?:a living|work)|\?)|\bwhat(?:'s| is) your (?:job|occupation|profession)\b/i,
    read: jobIn,
  },
  {
    asks: /\bwhat (?:are|is|'s) your (?:other )?(?:hobby|hobbies|interests?)\b|\bwhat(?: else)? do you (?:usually |often )?(?:like|enjoy|love) (?:to do|doing)\b|\bwhat (?:other )?(?:hobbies|interests) do you have\b|\bwhat do you (?:usually |often )?do (?:for fun|in your (?:free|spare) time)\b/i,
    read: (first) => listIn(first, 'enjoys'),
  },
  {
    asks: /\bwhat (?:kind|type|sort|genre)s? of [\w -]{2,30} do you (?:like|enjoy|prefer|love)\b/i,
    read: (first) => listIn(first, 'likes'),
  },
  {
    asks: /\bwhat(?:'s| is| are) your favou?rite\b|\bwhich [\w -]{2,30} do you like (?:best|the most)\b/i,
    read: (first) => listIn(first, 'prefers'),
  },
  {
    asks: /\b(?:what|which) (?:musical )?instruments? (?:do|can) you play\b/i,
    read: (first) => listIn(first, 'plays'),
  },
  {
    asks: /\bwhere (?:did you|have you) (?:recently |just |last )?(?:go|travel|been|travell?ed)\b/i,
    read: (first) => visitedIn(first),
  },
  { asks: /\b(?:what|which) languages? do you speak\b/i, read: (first) => listIn(first, 'speaks') },
];

/** Answers without a verb of their own: "Lisbon", "32", "hiking and chess". */
export function readShortAnswer(utterance: Utterance, question: BotQuestion, first: Sentence): FactDraft[] {
  const words = first.tokens.filter(({ pos }) => pos !== 'PUNCT');
  const isSentence = words.some(
    ({ lower, pos }) => /^(?:i|we|it|my|you|no|not|n't|nothing|everything)$/.test(lower) || pos === 'AUX',
  );
  const rule = shortAnswers.find(({ asks }) => asks.test(question.text));
  if (rule === undefined || isSentence || words.length === 0 || words.length > 14) return [];
  return rule.read(first).map((claim) => withBoth(claim, utterance, question, first, claim.end));
}

function nameIn({ tokens }: Sentence): Claim[] {
  const words = takeWhile(tokens, 0, ({ text }) => /^\p{Lu}[\p{L}'.-]+$/u.test(text)).slice(0, 3);
  const next = tokens[words.length];
  const endsThere = next === undefined || /^[.,!]$/.test(next.text);
  return words.length === 0 || !endsThere || yes.test(joined(words))
    ? []
    : [{ relation: 'is_named', name: joined(words), type: 'name', confidence: 0.9, end: words.length }];
}

function ageIn({ tokens }: Sentence): Claim[] {
  const at = tokens.findIndex(({ text }) => /^\d{1,3}$/.test(text));
  const years = Number(tokens[at]?.text);
  return at < 0 || at > 1 || years < 5 || years > 110
    ? []
    : [{ relation: 'is_aged', name: String(years), type: 'other', confidence: 0.9, end: at + 1 }];
}

function placeIn({ tokens }: Sentence, relation: 'lives_in' | 'from'): Claim[] {
  const at = /^(?:in|from|near)$/.test(tokens[0]?.lower ?? '') ? 1 : 0;
  const place = readNounPhrase(tokens, at);
  return place?.isProper === true && tokens[0]?.lower !== 'near'
    ? [{ relation, name: place.name, type: 'place', confidence: 0.88, end: place.end }]
    : [];
}

function visitedIn({ tokens }: Sentence): Claim[] {
  return readList(tokens, /^(?:to|in)$/.test(tokens[0]?.lower ?? '') ? 1 : 0)
    .filter(({ phrase }) => phrase?.isProper === true)
    .map(({ name, end }) => ({ relation: 'visited', name, type: 'place', confidence: 0.86, end }));
}

function jobIn({ tokens }: Sentence): Claim[] {
  const job = readNounPhrase(tokens, 0);
  return job !== undefined && occupations.has(job.head)
    ? [{ relation: 'works_as', name: job.name, type: 'occupation', confidence: 0.9, end: job.end }]
    : [];
}

function listIn({ tokens }: Sentence, relation: Relation): Claim[] {
  return readList(tokens, 0)
    .filter((item: ListItem) => relation !== 'speaks' || languages.has(item.head))
    .map((item) => ({
      relation,
      name: withoutCapital(item, tokens),
      type: relation === 'speaks' ? 'language' : typeOfItem(item),
      confidence: 0.85,
      end: item.end,
    }));
}

/** "Gardening and chess": the capital is only that of the sentence. */
function withoutCapital({ name, phrase, head }: ListItem, tokens: readonly Token[]): string {
  const first = tokens[0];
  const isOpening = phrase?.start === 0 && first !== undefined && name.startsWith(first.text);
  const isCommon = typeOfHead(head) === 'hobby' || first?.pos === 'NOUN' || first?.pos === 'VERB';
  return isOpening && isCommon ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}
