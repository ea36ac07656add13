import type { Relation } from '../../../model/results.ts';
import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Token } from '../language-model.ts';
import { languages, occupations, typeOfHead } from '../lexicon/entity-heads.ts';
import { asDoing } from './tastes.ts';
import { readAction, readList } from '../lists.ts';
import { isNameable, readNounPhrase, type NounPhrase } from '../phrases.ts';

const polarityOf = ({ verb }: Clause): 'positive' | 'negative' => (verb.isNegated ? 'negative' : 'positive');

/** "I live in Lisbon", "I moved to Oslo", "I grew up in Kyoto", "I come from Peru". */
export function readHome(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const words = [tokens[verb.end], tokens[verb.end + 1]].map((token) => token?.lower ?? '');
  const link = words[0] === 'up' || words[0] === 'back' || words[0] === 'alone' ? 1 : 0;
  const relation = homeRelation(verb.lemma, words[link] ?? '', clause);
  const place = readNounPhrase(tokens, verb.end + link + 1);
  if (relation === undefined || place?.isProper !== true) return [];
  return [
    {
      relation,
      name: withCountry(tokens, place).name,
      type: 'place',
      polarity: polarityOf(clause),
      confidence: 0.92,
      end: withCountry(tokens, place).end,
    },
  ];
}

function homeRelation(lemma: string, link: string, { verb, hasEnded }: Clause): Relation | undefined {
  if (verb.modal !== null || verb.tense === 'future') return undefined;
  if (lemma === 'live' || lemma === 'reside' || lemma === 'base') {
    return link === 'in' && (verb.tense !== 'past' || hasEnded) ? 'lives_in' : undefined;
  }
  if (lemma === 'move' || lemma === 'relocate')
    return link === 'to' && /^(?:past|perfect)$/.test(verb.tense) && !verb.isNegated ? 'lives_in' : undefined;
  if (lemma === 'come')
    return link === 'from' && verb.tense === 'present' && !verb.isProgressive ? 'from' : undefined;
  return /^(?:grow|bear|raise)$/.test(lemma) && link === 'in' ? 'from' : undefined;
}

/** "Porto, Portugal" is one place. */
function withCountry(tokens: readonly Token[], place: NounPhrase): { name: string; end: number } {
  const country = tokens[place.end]?.text === ',' ? readNounPhrase(tokens, place.end + 1) : undefined;
  return country?.isProper === true && country.modifiers.length === 0 && country.name !== 'I'
    ? { name: `${place.name}, ${country.name}`, end: country.end }
    : place;
}

/** "I work as a nurse at St. Mary's", "I work for Siemens", "I work in marketing". */
export function readWork(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.modal !== null || (verb.tense === 'past' && !clause.hasEnded) || verb.tense === 'future')
    return [];
  const claims: Claim[] = [];
  for (let at = verb.end; /^(?:as|at|for|in|on)$/.test(tokens[at]?.lower ?? '');) {
    const phrase = readNounPhrase(tokens, at + 1);
    if (phrase === undefined) break;
    claims.push(...workClaims(clause, tokens[at]?.lower ?? '', phrase));
    at = phrase.end;
  }
  return claims;
}

function workClaims(clause: Clause, link: string, phrase: NounPhrase): Claim[] {
  const base = { name: phrase.name, polarity: polarityOf(clause), confidence: 0.9, end: phrase.end };
  if (!isNameable(phrase) && !occupations.has(phrase.head)) return [];
  if (link === 'as') return [{ ...base, relation: 'works_as', type: 'occupation' }];
  const isEmployer =
    phrase.isProper ||
    typeOfHead(phrase.head) === 'organization' ||
    /^(?:hospital|bank|school|office|store|shop|restaurant|agency|lab|firm)$/.test(phrase.head);
  if (link === 'at' || link === 'for')
    return isEmployer ? [{ ...base, relation: 'works_at', type: 'organization' }] : [];
  if (link === 'on')
    return clause.verb.isProgressive && !clause.verb.isNegated
      ? [{ ...base, relation: 'other', predicate: 'is working on', type: 'activity', confidence: 0.8 }]
      : [];
  return phrase.isProper
    ? []
    : [{ ...base, relation: 'other', predicate: 'works in', type: 'occupation', confidence: 0.85 }];
}

/** "I got a new job at Siemens". */
export function readNewJob({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || !/^(?:past|perfect)$/.test(verb.tense)) return [];
  const job = readNounPhrase(tokens, verb.end);
  if (!/^(?:job|position|internship|role|offer)$/.test(job?.head ?? '') || job === undefined) return [];
  const employer = /^(?:at|with)$/.test(tokens[job.end]?.lower ?? '')
    ? readNounPhrase(tokens, job.end + 1)
    : undefined;
  return employer?.isProper === true
    ? [
        {
          relation: 'works_at',
          name: employer.name,
          type: 'organization',
          confidence: 0.85,
          end: employer.end,
        },
      ]
    : [];
}

/** "I study biology at ETH", "I've been learning the piano", "I'm majoring in history". */
export function readStudy(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const isGoingOn = verb.isProgressive || (verb.tense === 'present' && verb.lemma !== 'learn');
  if (verb.modal !== null || !(isGoingOn || clause.hasEnded)) return [];
  const at =
    tokens[verb.end]?.lower === 'in' || tokens[verb.end]?.lower === 'about' ? verb.end + 1 : verb.end;
  const toDo = learntAction(clause);
  if (toDo !== undefined)
    return [
      {
        relation: 'studies',
        name: asDoing(toDo.name),
        type: 'skill',
        polarity: polarityOf(clause),
        confidence: 0.85,
        end: toDo.end,
      },
    ];
  const atSchool = tokens[at]?.lower === 'at' ? readNounPhrase(tokens, at + 1) : undefined;
  if (atSchool?.isProper === true)
    return [
      {
        relation: 'studied_at',
        name: atSchool.name,
        type: 'education',
        polarity: polarityOf(clause),
        confidence: 0.85,
        end: atSchool.end,
      },
    ];
  const studied = readList(tokens, at);
  const school =
    tokens[studied.at(-1)?.end ?? tokens.length]?.lower === 'at'
      ? readNounPhrase(tokens, (studied.at(-1)?.end ?? 0) + 1)
      : undefined;
  const subjects: Claim[] = studied.map((item) => ({
    relation: 'studies',
    name: item.name,
    type: languages.has(item.head) ? 'language' : 'skill',
    polarity: polarityOf(clause),
    confidence: 0.88,
    end: item.end,
  }));
  return school?.isProper === true
    ? [
        ...subjects,
        {
          relation: 'studied_at',
          name: school.name,
          type: 'education',
          polarity: polarityOf(clause),
          confidence: 0.85,
          end: school.end,
        },
      ]
    : subjects;
}

/** "learning to cook", "learning how to swim". */
function learntAction({ tokens, verb }: Clause): { name: string; end: number } | undefined {
  const at = verb.end + (/^(?:about)$/.test(tokens[verb.end]?.lower ?? '') ? 1 : 0);
  if (tokens[at]?.lower === 'how' && tokens[at + 1]?.lower === 'to') return readAction(tokens, at + 2);
  return tokens[at]?.lower === 'to' ? readAction(tokens, at + 1) : undefined;
}

/** "I learned to cook Spicy Pork Tripe", "I learned French at school". */
export function readLearnt(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.isProgressive || verb.isNegated || !/^(?:past|perfect)$/.test(verb.tense)) return [];
  const toDo = learntAction(clause);
  if (toDo !== undefined) {
    const named = apposition(tokens, toDo);
    return [
      { relation: 'learned', name: asDoing(named.name), type: 'skill', confidence: 0.85, end: named.end },
    ];
  }
  return readList(tokens, verb.end)
    .filter(
      (item) =>
        languages.has(item.head) || typeOfHead(item.head) === 'hobby' || typeOfHead(item.head) === 'skill',
    )
    .map((item) => ({
      relation: 'learned',
      name: item.name,
      type: 'skill',
      confidence: 0.85,
      end: item.end,
    }));
}

/** "to cook a new dish today, Spicy Pork Tripe": the name says it better. */
function apposition(
  tokens: readonly Token[],
  action: { name: string; end: number },
): { name: string; end: number } {
  const at = tokens.findIndex(({ text }, index) => index >= action.end && text === ',');
  const named = at < 0 || at > action.end + 1 ? undefined : readNounPhrase(tokens, at + 1);
  const verb = action.name.split(' ')[0] ?? '';
  const isName =
    named?.isProper === true && named.modifiers.length > 0 && /^[,.]?$/.test(tokens[named.end]?.text ?? '');
  return isName ? { name: `${verb} ${named.name}`, end: named.end } : action;
}

/** "I graduated from MIT". */
export function readGraduation({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || tokens[verb.end]?.lower !== 'from' || !/^(?:past|perfect)$/.test(verb.tense))
    return [];
  const school = readNounPhrase(tokens, verb.end + 1);
  return school === undefined || !isNameable(school)
    ? []
    : [{ relation: 'studied_at', name: school.name, type: 'education', confidence: 0.9, end: school.end }];
}

/** "I speak English and some Spanish". */
export function readLanguages(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.tense === 'past' || verb.tense === 'future' || clause.modality !== 'stated') return [];
  return readList(tokens, verb.end)
    .filter((item) => languages.has(item.head))
    .map((item) => ({
      relation: 'speaks',
      name: item.name,
      type: 'language',
      polarity: polarityOf(clause),
      confidence: 0.92,
      end: item.end,
    }));
}
