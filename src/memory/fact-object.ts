import type { FoldedFact } from '../model/memory.ts';
import type { Relation } from '../model/results.ts';
import { asRole, isName, withArticle } from './noun-phrase.ts';

export type WordedFact = Pick<
  FoldedFact,
  'relation' | 'predicate' | 'entityName' | 'entityType' | 'attributes' | 'polarity'
>;

const phrases: Partial<Readonly<Record<Relation, (fact: WordedFact) => string>>> = {
  is_aged: ({ entityName }) => (/^\p{Nd}+$/u.test(entityName) ? `${entityName} years old` : entityName),
  works_as: ({ entityName }) => asRole(entityName),
  has: possession,
  owns: possession,
  plans_to: plan,
  wants: wish,
  needs: wish,
  learned: ({ entityName }) => (isInfinitive(entityName) ? infinitive(entityName) : entityName),
};

/** What follows the verb: "a nurse", "a cat named Luna", "to go to Japan". */
export function objectPhrase(fact: WordedFact): string {
  return phrases[fact.relation]?.(fact) ?? fact.entityName;
}

/** Luna, a cat; a sister called Ana; a green car. */
function possession({ relation, polarity, entityName, entityType, attributes }: WordedFact): string {
  if (polarity === 'negative') {
    return relation === 'has' ? entityName : withArticle(entityName, entityType);
  }
  const { name, ...details } = attributes;
  const [kindKey, kind] = kindOf(details);
  const colour = details['color'] ?? details['colour'];
  const further = detailsNote(details, [kindKey, 'color', 'colour']);
  if (name !== undefined && name !== entityName) return `${named(entityName, entityType, name)}${further}`;
  if (isName(entityName) && kind !== undefined) return `${named(kind, entityType, entityName)}${further}`;
  if (isName(entityName) && entityType === 'pet') return `${named('pet', entityType, entityName)}${further}`;
  const thing = colour === undefined ? entityName : `${colour} ${entityName}`;
  return `${withArticle(thing, entityType)}${further}`;
}

function named(kind: string, type: FoldedFact['entityType'], name: string): string {
  return `${withArticle(kind, type)} named ${name}`;
}

const kindKeys = ['species', 'kind', 'animal', 'type', 'relationship', 'relation'] as const;

function kindOf(details: Readonly<Record<string, string>>): [string, string] | [undefined, undefined] {
  for (const key of kindKeys) {
    const kind = details[key];
    if (kind !== undefined) return [key, kind.toLowerCase()];
  }
  return [undefined, undefined];
}

/** A sentence names a few; the document has them all. */
const maxDetails = 3;

function detailsNote(
  details: Readonly<Record<string, string>>,
  told: readonly (string | undefined)[],
): string {
  const further = Object.entries(details)
    .filter(([key]) => !told.includes(key))
    .slice(0, maxDetails);
  if (further.length === 0) return '';
  return ` (${further.map(([key, value]) => `${key.replaceAll('_', ' ')}: ${value}`).join(', ')})`;
}

/** Plans come as deeds, places and things: "visit Japan", "visiting Japan", "Japan", "a trip". */
function plan({ entityName, entityType }: WordedFact): string {
  if (entityType === 'place') return `to go to ${entityName}`;
  if (/^(?:the|a|an|his|her|their)\b/iu.test(entityName)) return entityName;
  if (entityType === 'event' || entityType === 'object') return withArticle(entityName, entityType);
  if (/^\p{L}+ing\b/iu.test(entityName)) return `on ${entityName}`;
  return infinitive(entityName);
}

function wish({ entityName, entityType }: WordedFact): string {
  return isInfinitive(entityName) ? infinitive(entityName) : withArticle(entityName, entityType);
}

const deeds =
  /^(?:to|learn|visit|go|buy|get|become|start|stop|quit|move|run|travel|see|make|find|write|read|finish|build|lose|save|improve|try|be|have|work|study|play|meet|change|take|do|sell|teach|sleep|eat|cook)\s/iu;

function isInfinitive(phrase: string): boolean {
  return deeds.test(`${phrase} `);
}

function infinitive(phrase: string): string {
  return /^to\s/iu.test(phrase) ? phrase : `to ${phrase}`;
}
