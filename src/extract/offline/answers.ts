import type { Relation } from '../../model/results.ts';
import type { DraftEvidence, FactDraft } from '../stages/drafts.ts';
import { draftOf, typeOfItem, type Claim } from './claims.ts';
import { parseText, type Sentence, type Token } from './language-model.ts';
import { languages, occupations } from './lexicon/entity-heads.ts';
import { readList, type ListItem } from './lists.ts';
import { joined, readNounPhrase, takeWhile } from './phrases.ts';
import type { BotQuestion, Utterance } from './reading.ts';
import { having } from './rules/belongings.ts';

/**
 * What an answer says only together with its question: "Do you have any pets?" /
 * "Yes, two cats". Both lines are cited. Answers in whole sentences ("I live in
 * Rome") are left to the rules for sentences.
 */
export function readAnswer(utterance: Utterance): FactDraft[] {
  const { answers, sentences } = utterance;
  const first = sentences[0];
  if (answers === null || first === undefined || first.asks) return [];
  return [...readYesNo(utterance, answers, first), ...readShortAnswer(utterance, answers, first)];
}

const yes = /^(?:yes|yeah|yep|yup|sure|of course|definitely|absolutely|indeed|i do|i am|i have)\b/i;
const no = /^(?:no|nope|nah|not really|i don't|i do not|never)\b/i;

function readYesNo(utterance: Utterance, question: BotQuestion, first: Sentence): FactDraft[] {
  const text = utterance.text.slice(first.start, first.end);
  const isYes = yes.test(text);
  if (!isYes && !no.test(text)) return [];
  const match =
    /\bdo you (?:also |still |really |currently |usually )?(have|own|like|love|enjoy|play|speak)\b(?! to\b| a (?:few|minute|moment)\b)/i.exec(
      question.text,
    );
  const verb = match?.[1]?.toLowerCase();
  if (match === null || verb === undefined) return [];
  const asked = parseText(question.text.slice(match.index + match[0].length))[0]?.tokens ?? [];
  return verb === 'have' || verb === 'own'
    ? owned(utterance, question, first, asked, isYes)
    : asserted(utterance, question, first, asked, { verb, isYes });
}

/** The answer's own words where it has some ("Yes, two cats"), else those of the question. */
function owned(
  utterance: Utterance,
  question: BotQuestion,
  first: Sentence,
  asked: readonly Token[],
  isYes: boolean,
): FactDraft[] {
  const topic = asked.filter(({ lower }) => lower !== 'any');
  const askedFor = having(readNounPhrase(topic, 0) ?? noPhrase, !isYes);
  if (askedFor.length === 0) return [];
  const after = first.tokens.findIndex(({ text }) => text === ',');
  const told = isYes && after > 0 ? readList(first.tokens, after + 1) : [];
  const claims = told.flatMap((item) =>
    item.phrase === null ? [] : having(item.phrase, false, first.tokens),
  );
  const chosen = claims.length > 0 ? claims : isSayingNoMore(first) ? askedFor : [];
  return chosen.map((claim) =>
    withBoth(claim, utterance, question, first, claims.length > 0 ? claim.end : first.tokens.length),
  );
}

const noPhrase = {
  name: '',
  head: '',
  modifiers: [],
  count: null,
  givenName: null,
  possessive: null,
  isProper: false,
  start: 0,
  end: 0,
};

/** "Yes", "No, I don't": nothing but the answer, so that the question's words hold. */
function isSayingNoMore(first: Sentence): boolean {
  return first.tokens.filter(({ pos }) => pos !== 'PUNCT').length <= 5;
}

const assertedRelation: Readonly<Record<string, readonly [Relation, Relation | null]>> = {
  like: ['likes', 'dislikes'],
  love: ['loves', 'dislikes'],
  enjoy: ['enjoys', 'dislikes'],
  play: ['plays', null],
  speak: ['speaks', null],
};

function asserted(
  utterance: Utterance,
  question: BotQuestion,
  first: Sentence,
  asked: readonly Token[],
  answer: { verb: string; isYes: boolean },
): FactDraft[] {
  const [positive, negative] = assertedRelation[answer.verb] ?? [];
  const relation = answer.isYes ? positive : (negative ?? positive);
  // An answer that goes on may turn it round ("Yes, but …"); its own sentence speaks for itself.
  if (relation === undefined || !isSayingNoMore(first) || first.tokens.some(({ lower }) => lower === 'but'))
    return [];
  const polarity = !answer.isYes && negative === null ? 'negative' : 'positive';
  return readList(asked, 0)
    .filter((item) => relation !== 'speaks' || languages.has(item.head))
    .map((item) =>
      withBoth(
        { relation, name: item.name, type: typeOfItem(item), polarity, confidence: 0.85, end: 0 },
        utterance,
        question,
        first,
        first.tokens.length,
      ),
    );
}

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
    asks: /\bwhat (?:are|is|'s) your (?:hobby|hobbies|interests?)\b|\bwhat do you (?:like|enjoy|love) (?:to do|doing)\b|\bwhat hobbies do you have\b/i,
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
  { asks: /\b(?:what|which) languages? do you speak\b/i, read: (first) => listIn(first, 'speaks') },
];

/** Answers without a verb of their own: "Lisbon", "32", "hiking and chess". */
function readShortAnswer(utterance: Utterance, question: BotQuestion, first: Sentence): FactDraft[] {
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
      name: item.name,
      type: relation === 'speaks' ? 'language' : typeOfItem(item),
      confidence: 0.85,
      end: item.end,
    }));
}

function withBoth(
  claim: Claim,
  { line }: Utterance,
  question: BotQuestion,
  first: Sentence,
  end: number,
): FactDraft {
  const quote = line.message.content.slice(first.start, first.tokens[end - 1]?.end ?? first.end);
  const at = question.line.message.content.replaceAll('’', "'").indexOf(question.text);
  const asked: DraftEvidence = {
    line: question.line.number,
    quote: question.line.message.content.slice(at, at + question.text.length),
  };
  return { ...draftOf(claim), evidence: [asked, { line: line.number, quote }] };
}
