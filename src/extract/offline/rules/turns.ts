import { typeOfItem, type Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import { ailments, typeOfHead } from '../lexicon/entity-heads.ts';
import { readList } from '../lists.ts';
import { isNameable, readNounPhrase } from '../phrases.ts';

const isOver = ({ verb }: Clause): boolean =>
  !verb.isNegated && verb.modal === null && /^(?:past|perfect)$/.test(verb.tense) && !verb.isProgressive;

const turns =
  /^(?:fired|promoted|married|engaged|divorced|hired|accepted|rejected|injured|robbed|scammed|demoted|evicted)$/;

/** "I got promoted", "I got laid off": what happened to somebody. */
export function readTurn(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const [first, second] = [tokens[verb.end]?.lower ?? '', tokens[verb.end + 1]?.lower ?? ''];
  const isLaidOff = first === 'laid' && second === 'off';
  if (!isOver(clause) || !(turns.test(first) || isLaidOff)) return [];
  const name = isLaidOff ? 'laid off' : first;
  const end = verb.end + (isLaidOff ? 2 : 1);
  return [{ relation: 'other', predicate: 'got', name, type: 'event', confidence: 0.85, end }];
}

/** "I caught a cold", "I hurt my knee". */
export function readMishap(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.isNegated || verb.modal !== null || verb.tense === 'future') return [];
  const what = readNounPhrase(tokens, verb.end);
  if (what === undefined) return [];
  const health = { relation: 'has', type: 'health', confidence: 0.85, end: what.end } as const;
  if (verb.lemma === 'catch') return ailments.has(what.head) ? [{ ...health, name: what.name }] : [];
  return bodyParts.test(what.head) && what.possessive === 'my'
    ? [{ ...health, name: `injured ${what.name}` }]
    : [];
}

const bodyParts =
  /^(?:knee|ankle|leg|arm|wrist|back|shoulder|foot|hand|finger|toe|neck|hip|elbow|head|rib|thumb|heel)s?$/;

/** "I'm on a diet", "I'm in a long-term relationship", "I'm under a lot of pressure at work". */
export function readStanding({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || verb.modal !== null || /^(?:past|future)$/.test(verb.tense)) return [];
  const link = tokens[verb.end]?.lower ?? '';
  const what = readNounPhrase(tokens, verb.end + 1);
  if (what === undefined) return [];
  if (link === 'under' && /^(?:pressure|stress)$/.test(what.head)) {
    const near = tokens[what.end]?.lower ?? '';
    const where = /^(?:at|from)$/.test(near) ? readNounPhrase(tokens, what.end + 1) : undefined;
    const name = where === undefined ? what.name : `${what.name} ${near} ${where.name}`;
    return [{ relation: 'has', name, type: 'other', confidence: 0.85, end: where?.end ?? what.end }];
  }
  const isKnown = (link === 'on' && what.head === 'diet') || (link === 'in' && what.head === 'relationship');
  return isKnown
    ? [
        {
          relation: 'other',
          predicate: `is ${link}`,
          name: what.name,
          type: 'other',
          confidence: 0.85,
          end: what.end,
        },
      ]
    : [];
}

/** "I'm busy with my thesis", "I've been busy with work". */
export function readBusyness({ tokens, verb }: Clause): Claim[] {
  const at = tokens.findIndex(
    ({ lower }, index) => index >= verb.end && index < verb.end + 3 && lower === 'busy',
  );
  if (at < 0 || verb.isNegated || verb.modal !== null || /^(?:past|future)$/.test(verb.tense)) return [];
  const what = tokens[at + 1]?.lower === 'with' ? readNounPhrase(tokens, at + 2) : undefined;
  return what === undefined
    ? []
    : [
        {
          relation: 'other',
          predicate: 'is busy with',
          name: what.name,
          type: 'activity',
          confidence: 0.85,
          end: what.end,
        },
      ];
}

/** "I've been working overtime lately". */
export function readOvertime({ tokens, verb }: Clause): Claim[] {
  const isNow = verb.tense === 'perfect' || (verb.tense === 'present' && verb.modal === null);
  const next = tokens[verb.end]?.lower ?? '';
  return isNow && !verb.isNegated && /^(?:overtime|late)$/.test(next)
    ? [{ relation: 'does', name: `working ${next}`, type: 'activity', confidence: 0.85, end: verb.end + 1 }]
    : [];
}

/** "I tried durian for the first time", "I've tried surfing". */
export function readTrying(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (!isOver(clause)) return [];
  return readList(tokens, verb.end)
    .filter(({ phrase, head }) => phrase === null || /^(?:food|drink|hobby)$/.test(typeOfHead(head)))
    .map((item) => ({
      relation: 'other',
      predicate: 'has tried',
      name: item.name,
      type: typeOfItem(item),
      confidence: 0.82,
      end: item.end,
    }));
}

/** "I'm saving up for a camera", "I've been saving money for a trip". */
export function readSaving({ tokens, verb }: Clause): Claim[] {
  if (!verb.isProgressive || verb.isNegated) return [];
  const words = tokens
    .slice(verb.end, verb.end + 2)
    .map(({ lower }) => lower)
    .join(' ');
  const at = words.startsWith('for')
    ? verb.end + 1
    : /^(?:up|money) for$/.test(words)
      ? verb.end + 2
      : undefined;
  const what = at === undefined ? undefined : readNounPhrase(tokens, at);
  return what === undefined || !isNameable(what)
    ? []
    : [
        {
          relation: 'other',
          predicate: 'is saving for',
          name: what.name,
          type: 'goal',
          confidence: 0.85,
          end: what.end,
        },
      ];
}

/** "I don't get along with my roommate". */
export function readDiscord({ tokens, verb }: Clause): Claim[] {
  const words = tokens
    .slice(verb.end, verb.end + 2)
    .map(({ lower }) => lower)
    .join(' ');
  const whom = readNounPhrase(tokens, verb.end + 2);
  if (!verb.isNegated || verb.tense === 'past' || words !== 'along with' || whom === undefined) return [];
  const predicate = 'does not get along with';
  return [{ relation: 'other', predicate, name: whom.name, type: 'person', confidence: 0.85, end: whom.end }];
}

/** "I can't sleep", "I haven't been sleeping well". */
export function readSleeplessness({ tokens, verb }: Clause): Claim[] {
  const isWell = tokens
    .slice(verb.end, verb.end + 3)
    .some(({ lower }) => /^(?:well|enough|soundly)$/.test(lower));
  const isUnable = /^(?:can|ca|could)$/.test(verb.modal ?? '') && verb.tense !== 'future';
  const isPoor = verb.modal === null && isWell && verb.tense !== 'future';
  return verb.isNegated && (isUnable || isPoor)
    ? [{ relation: 'has', name: 'trouble sleeping', type: 'health', confidence: 0.85, end: verb.end }]
    : [];
}
