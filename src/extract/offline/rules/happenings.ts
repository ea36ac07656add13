import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import { typeOfHead } from '../lexicon/entity-heads.ts';
import { readList } from '../lists.ts';
import { isNameable, readNounPhrase } from '../phrases.ts';

/** "I took part in a marathon", "I participated in a poetry contest". */
export function readParticipation({ tokens, verb }: Clause): Claim[] {
  const words = tokens.slice(verb.end, verb.end + 2).map(({ lower }) => lower);
  const length =
    verb.lemma === 'take' && words.join(' ') === 'part in'
      ? 2
      : verb.lemma === 'participate' && words[0] === 'in'
        ? 1
        : 0;
  if (length === 0 || verb.isNegated || !/^(?:past|perfect)$/.test(verb.tense) || verb.modal !== null)
    return [];
  const event = readNounPhrase(tokens, verb.end + length);
  return event === undefined || !isNameable(event)
    ? []
    : [
        {
          relation: 'other',
          predicate: 'took part in',
          name: event.name,
          type: 'event',
          confidence: 0.85,
          end: event.end,
        },
      ];
}

const achievements =
  /^(?:promotion|award|offer|scholarship|certificate|degree|prize|medal|diploma|license|raise|admission|bonus|visa|tattoo|interview|opportunity)$/;

/** "I got a promotion", "I received an award". */
export function readAchievement({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || verb.isProgressive || !/^(?:past|perfect)$/.test(verb.tense) || verb.modal !== null)
    return [];
  const gained = readNounPhrase(tokens, verb.end);
  if (gained === undefined || !achievements.test(gained.head)) return [];
  if (gained.head === 'opportunity' && gained.modifiers.length === 0) return [];
  return [
    {
      relation: 'other',
      predicate: 'has got',
      name: gained.name,
      type: 'event',
      confidence: 0.85,
      end: gained.end,
    },
  ];
}

/** "I finished my thesis", "we completed the project". */
export function readCompletion({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || verb.isProgressive || !/^(?:past|perfect)$/.test(verb.tense) || verb.modal !== null)
    return [];
  const done = readNounPhrase(tokens, verb.end);
  if (
    done === undefined ||
    !/^(?:thesis|project|course|degree|marathon|exam|painting|novel|training|internship|school|college|paper|essay|book|race)$/.test(
      done.head,
    )
  )
    return [];
  return [
    {
      relation: 'other',
      predicate: 'has finished',
      name: done.name,
      type: 'event',
      confidence: 0.82,
      end: done.end,
    },
  ];
}

/** "I went hiking with my friends", "we went for a walk by the river": once, and over. */
export function readOuting({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || !/^(?:past|perfect)$/.test(verb.tense) || verb.isProgressive || verb.modal !== null)
    return [];
  const next = tokens[verb.end];
  if (next === undefined || !outings.test(next.lower)) return [];
  return [
    {
      relation: 'other',
      predicate: 'went',
      name: next.lower,
      type: 'activity',
      confidence: 0.82,
      end: verb.end + 1,
    },
  ];
}

const outings =
  /^(?:hiking|camping|fishing|swimming|skiing|snowboarding|surfing|cycling|climbing|running|jogging|skating|sailing|diving|snorkeling|rafting|kayaking|dancing|bowling|horseback|sightseeing|boating|canoeing|birdwatching|stargazing|mountaineering|skydiving)$/;

/** "I broke up with my girlfriend", "I had a fight with my sister", "I argued with my boss". */
export function readQuarrel({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || !/^(?:past|perfect)$/.test(verb.tense) || verb.modal !== null) return [];
  const words = tokens.slice(verb.end, verb.end + 4).map(({ lower }) => lower);
  const found = quarrels.find(([lemma, pattern]) => lemma === verb.lemma && pattern.test(words.join(' ')));
  if (found === undefined) return [];
  const [, , predicate] = found;
  const link = tokens.findIndex(({ lower }, index) => index >= verb.end && lower === 'with');
  const whom = link < 0 ? undefined : readNounPhrase(tokens, link + 1);
  return whom === undefined
    ? []
    : [{ relation: 'other', predicate, name: whom.name, type: 'person', confidence: 0.88, end: whom.end }];
}

const quarrels: readonly (readonly [lemma: string, words: RegExp, predicate: string])[] = [
  ['break', /^up with\b/, 'broke up with'],
  ['have', /^(?:a|an) (?:big |bad )?(?:fight|argument|quarrel) with\b/, 'had a quarrel with'],
  ['get', /^into (?:a|an) (?:fight|argument)\b/, 'had a quarrel with'],
  ['argue', /^with\b/, 'had a quarrel with'],
  ['quarrel', /^with\b/, 'had a quarrel with'],
];

/** "I miss my family", "I've been missing my hometown". */
export function readMissing({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || verb.modal !== null || !/^(?:present|perfect)$/.test(verb.tense)) return [];
  const whom = readNounPhrase(tokens, verb.end);
  if (whom === undefined || !(whom.possessive === 'my' || whom.isProper) || !isNameable(whom)) return [];
  return [
    {
      relation: 'other',
      predicate: 'misses',
      name: whom.name,
      type: 'other',
      confidence: 0.85,
      end: whom.end,
    },
  ];
}

/** "I signed up for a yoga class", "I've taken up painting", "I enrolled in a course". */
export function readTakingUp({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || !/^(?:past|perfect)$/.test(verb.tense) || verb.modal !== null) return [];
  const words = tokens.slice(verb.end, verb.end + 2).map(({ lower }) => lower);
  if (/^(?:take|pick)$/.test(verb.lemma) && words[0] === 'up')
    return readList(tokens, verb.end + 1)
      .filter(({ phrase, head }) => phrase === null || typeOfHead(head) === 'hobby')
      .map(({ name, end }) => ({ relation: 'does', name, type: 'hobby', confidence: 0.85, end }));
  const length =
    verb.lemma === 'sign' && words.join(' ') === 'up for'
      ? 2
      : /^enrol/.test(verb.lemma) && words[0] === 'in'
        ? 1
        : 0;
  const what = length === 0 ? undefined : readNounPhrase(tokens, verb.end + length);
  return what === undefined || !isNameable(what)
    ? []
    : [
        {
          relation: 'other',
          predicate: 'has signed up for',
          name: what.name,
          type: 'activity',
          confidence: 0.85,
          end: what.end,
        },
      ];
}
