import type { Relation } from '../../model/results.ts';
import type { FactDraft } from '../stages/drafts.ts';
import { withBoth, yes } from './both-lines.ts';
import { typeOfItem } from './claims.ts';
import { parseText, type Sentence, type Token } from './language-model.ts';
import { languages } from './lexicon/entity-heads.ts';
import { readList } from './lists.ts';
import { readNounPhrase } from './phrases.ts';
import type { BotQuestion, Utterance } from './reading.ts';
import { having } from './rules/belongings.ts';
import { readShortAnswer } from './short-answers.ts';
import { readProposal, readTitle } from './proposals.ts';

/**
 * What an answer says only together with its question: "Do you have any pets?" /
 * "Yes, two cats". Both lines are cited. Answers in whole sentences ("I live in
 * Rome") are left to the rules for sentences.
 */
export function readAnswer(utterance: Utterance): FactDraft[] {
  const { answers, sentences } = utterance;
  const first = sentences[0];
  if (answers === null || first === undefined || first.asks) return [];
  return [
    ...readYesNo(utterance, answers, first),
    ...readProposal(utterance, answers, first),
    ...readTitle(utterance, answers, first),
    ...readShortAnswer(utterance, answers, first),
  ];
}

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
