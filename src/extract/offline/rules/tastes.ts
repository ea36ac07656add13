import type { Relation } from '../../../model/results.ts';
import { typeOfItem, type Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Token } from '../language-model.ts';
import { pastimeVerbs } from '../lexicon/verbs.ts';
import { readActions, readList, type ListItem } from '../lists.ts';

const relationOf: Readonly<Record<string, Relation>> = {
  like: 'likes',
  love: 'loves',
  adore: 'loves',
  enjoy: 'enjoys',
  prefer: 'prefers',
  dislike: 'dislikes',
  hate: 'hates',
  detest: 'hates',
  despise: 'hates',
};
export const tasteVerbs = Object.keys(relationOf);

/** "I like pizza and sushi", "I don't enjoy running", "I love to travel". */
export function readTaste(clause: Clause): Claim[] {
  const { verb, tokens } = clause;
  const relation = denied(relationOf[verb.lemma] ?? 'likes', verb.isNegated);
  if (relation === undefined || isOnce(clause)) return [];
  if (tokens[verb.end]?.lower === 'to') return readTasteForDoing(clause, relation);
  const items = readList(tokens, verb.end).filter((item) => !isPointedAt(item, tokens));
  return tastes(items, relation, isPassing(clause) ? 0.7 : 0.9);
}

/** "I like the actors": those of something that was just spoken of. "The sea" is always the same. */
function isPointedAt({ phrase }: ListItem, tokens: readonly Token[]): boolean {
  if (phrase === null || phrase.isProper || tokens[phrase.start]?.lower !== 'the') return false;
  return !/^(?:sea|ocean|beach|mountain|countryside|outdoors|city|wilderness|rain|snow|sun|cold|heat|guitar|piano|violin|drum|flute|cello|color|colour|feeling|smell|sound|taste|night|summer|winter|spring|autumn|fall|theater|theatre|opera|cinema|gym)s?$/.test(
    phrase.head,
  );
}

export function tastes(items: readonly ListItem[], relation: Relation, confidence: number): Claim[] {
  return items.map((item) => ({
    relation,
    name: oneForm(item.name),
    type: typeOfItem(item),
    confidence,
    ...(item.phrase?.givenName == null ? {} : { attributes: { name: item.phrase.givenName } }),
    end: item.end,
  }));
}

/** "travel", "travelling" and "traveling" are one doing, whenever each was said. */
export function oneForm(name: string): string {
  return pastimeVerbs.has(name) ? asDoing(name) : name.replace(/^(t)ravell(?=ing\b)/, '$1ravel');
}

/** "don't like" is a dislike; "don't hate" says little. */
function denied(relation: Relation, isNegated: boolean): Relation | undefined {
  if (!isNegated) return relation;
  return /^(?:likes|loves|enjoys)$/.test(relation) ? 'dislikes' : undefined;
}

/** "I would like", and what was liked once ("I liked the movie") unless it has a name of its own. */
function isOnce({ verb, tokens, hasEnded }: Clause): boolean {
  if (verb.modal !== null && verb.modal !== 'can') return true;
  if (verb.tense === 'future' || verb.isProgressive) return true;
  return verb.tense === 'past' && !hasEnded && tokens[verb.end]?.pos !== 'PROPN';
}

function isPassing({ verb }: Clause): boolean {
  return verb.tense === 'past';
}

/** "I like to read novels" is liking reading novels. */
function readTasteForDoing({ tokens, verb }: Clause, relation: Relation): Claim[] {
  return readActions(tokens, verb.end + 1)
    .filter(({ head }) => !/^(?:be|know|think|say|do|have|see|chat|talk|share|ask|try)$/.test(head))
    .map((action) => ({
      relation,
      name: asDoing(action.name),
      type: 'activity',
      confidence: 0.85,
      end: action.end,
    }));
}

/** "play chess" as "playing chess". */
export function asDoing(action: string): string {
  const [verb = '', ...rest] = action.split(' ');
  return [gerund(verb), ...rest].join(' ');
}

function gerund(verb: string): string {
  if (/ing$/.test(verb)) return verb;
  if (/ie$/.test(verb)) return `${verb.slice(0, -2)}ying`;
  if (/[^aeiouy]e$|[aeiou][^aeiou]e$|ue$/.test(verb) && !/ee$/.test(verb)) return `${verb.slice(0, -1)}ing`;
  const doubles =
    /^(?:[^aeiou]*[aeiou][bdgklmnprt]|begin|travel)$/.test(verb) &&
    !/^(?:look|cook|read|eat|draw)$/.test(verb);
  return doubles && verb !== 'travel' ? `${verb}${verb.slice(-1)}ing` : `${verb}ing`;
}

/** "I'm interested in cooking", "I'm into hiking", "I'm a fan of jazz", "I can't stand noise". */
export function readLeaning(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const at = leaningEnd(clause);
  if (at === undefined || clause.modality === 'hypothetical') return [];
  const relation = verb.isNegated ? 'dislikes' : 'likes';
  return tastes(readList(tokens, at), relation, 0.8).map((claim) => ({ ...claim, isImplied: true }));
}

function leaningEnd({ tokens, verb }: Clause): number | undefined {
  const words = tokens
    .slice(verb.end, verb.end + 10)
    .map(({ lower }) => lower)
    .join(' ');
  const match =
    /^(?:(?:more and more|very|really|so|also|quite|particularly|especially|always|a|an|huge|big|great|keen|much) )*(?:interested in|into|fan of|fond of|passionate about|obsessed with|keen on|crazy about)(?= )/.exec(
      words,
    );
  return match === null ? undefined : verb.end + match[0].split(' ').length;
}

/** "I have a strong interest in history", "I've developed a passion for baking". */
export function readInterest({ tokens, verb }: Clause): Claim[] {
  if (verb.modal !== null || verb.tense === 'future' || verb.tense === 'past') return [];
  const at = tokens.findIndex(
    ({ lower }, index) =>
      index > verb.end && index < verb.end + 5 && /^(?:interest|passion|love|fondness)$/.test(lower),
  );
  if (at < 0 || !/^(?:in|for|of)$/.test(tokens[at + 1]?.lower ?? '')) return [];
  const items = readList(tokens, at + 2).filter(({ name }) => !/^(?:food|life|people|nature)$/.test(name));
  return tastes(items, verb.isNegated ? 'dislikes' : 'likes', 0.82);
}

/** "I can't stand mushrooms". */
export function readAversion({ tokens, verb }: Clause): Claim[] {
  return verb.isNegated && /^(?:can|ca|could)$/.test(verb.modal ?? '')
    ? tastes(readList(tokens, verb.end), 'hates', 0.85)
    : [];
}
