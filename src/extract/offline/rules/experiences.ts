import { typeOfItem, type Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Token } from '../language-model.ts';
import { typeOfHead } from '../lexicon/entity-heads.ts';
import { readList, type ListItem } from '../lists.ts';
import { readNounPhrase } from '../phrases.ts';

/** Told as finished: "I went", "I have been". */
export const isOver = ({ verb }: Clause): boolean =>
  /^(?:past|perfect)$/.test(verb.tense) && !verb.isProgressive && verb.modal === null;

const commonPlaces =
  /^(?:beach|museum|racetrack|zoo|aquarium|gallery|concert|festival|countryside|mountain|temple|castle|stadium|carnival|exhibition|opera|amusement|lake|island|sea|seaside|village|wedding|party|conference|restaurant|cafe|café|bistro|spot|attraction|resort|palace|tower|waterfall|forest|valley|garden|farm|town|bookstore|winery|vineyard|planetarium|ruin|monument|cathedral|monastery|shrine|spring|sanctuary|hometown|desert|canyon|cave|harbor|circus|fair|market|club|bar)s?$/;

/** "I traveled to Xiamen", "I've been to Peru", "I visited the museum", "I've never been to Paris". */
export function readVisit(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (!isOver(clause)) return [];
  const isBeen = verb.lemma === 'be' && verb.form === 'been';
  const needsTo = verb.lemma !== 'visit';
  if ((verb.lemma === 'be' && !isBeen) || (needsTo && tokens[verb.end]?.lower !== 'to')) return [];
  return (
    readList(tokens, verb.end + (needsTo ? 1 : 0))
      .filter((item) => item.phrase?.possessive === null && isWorthVisiting(item))
      // Not to have been in some restaurant yesterday says nothing.
      .filter((item) => !verb.isNegated || item.phrase?.isProper === true)
      .map((item) => visitClaim(placed(item, tokens), clause))
      .filter(({ name }) => !tooBare.test(name))
  );
}

/** These say something only with a word more: "old town", "town near Kyoto". */
const tooBare =
  /^(?:town|village|spot|attraction|club|bar|market|garden|farm|valley|fair|tower|island|city|cave|lake)s?$/;

/** "a village near Kyoto": where it is, when that has a name. */
function placed(item: ListItem, tokens: readonly Token[]): ListItem {
  const link = tokens[item.end]?.lower ?? '';
  const place = /^(?:in|near|of)$/.test(link) ? readNounPhrase(tokens, item.end + 1) : undefined;
  return place?.isProper === true && item.phrase?.isProper === false
    ? { ...item, name: `${item.name} ${link} ${place.name}`, end: place.end }
    : item;
}

function isWorthVisiting(item: ListItem): boolean {
  if (item.phrase === null || relativesOrSelf.test(item.head)) return false;
  return item.phrase.isProper || commonPlaces.test(item.head);
}

const relativesOrSelf =
  /^(?:bed|work|school|home|office|doctor|store|supermarket|bathroom|toilet|class|college)$/;

function visitClaim(item: ListItem, { verb }: Clause): Claim {
  const isOccasion = /^(?:concert|festival|party|wedding|conference|exhibition|opera|carnival)s?$/.test(
    item.head,
  );
  const polarity = verb.isNegated ? 'negative' : 'positive';
  const base = { name: item.name, polarity, confidence: 0.85, end: item.end } as const;
  return isOccasion
    ? { ...base, relation: 'other', predicate: 'attended', type: 'event' }
    : { ...base, relation: 'visited', type: 'place' };
}

/** "I went to see Jay Chou's concert", "I attended a music concert". */
export function readAttendance(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (!isOver(clause) || verb.isNegated) return [];
  const at =
    verb.lemma === 'go' && tokens[verb.end]?.lower === 'to' && tokens[verb.end + 1]?.lower === 'see'
      ? verb.end + 2
      : verb.end;
  if (verb.lemma === 'go' && at === verb.end) return [];
  const event = readNounPhrase(tokens, at);
  if (
    event === undefined ||
    !/^(?:concert|festival|party|wedding|conference|exhibition|opera|play|match|game|workshop|lecture|course|class|reunion|musical|marathon|seminar|ceremony|performance)s?$/.test(
      event.head,
    )
  )
    return [];
  return [
    {
      relation: 'other',
      predicate: 'attended',
      name: event.name,
      type: 'event',
      confidence: 0.88,
      end: event.end,
    },
  ];
}

/** "I made kung pao chicken", "I cooked scrambled eggs". */
export function readCooking(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (!isOver(clause) || verb.isNegated) return [];
  return readList(tokens, verb.end)
    .filter(
      (item) =>
        item.phrase !== null &&
        typeOfHead(item.head) === 'food' &&
        !/^(?:food|dish|dessert|snack|cuisine)s?$/.test(item.name),
    )
    .map((item) => ({
      relation: 'other',
      predicate: 'has cooked',
      name: item.name,
      type: 'food',
      confidence: 0.88,
      end: item.end,
    }));
}

const eventPredicates: Readonly<Record<string, string>> = {
  pass: 'has passed',
  fail: 'has failed',
  win: 'has won',
  lose: 'has lost',
  join: 'has joined',
  form: 'has formed',
  found: 'has founded',
  quit: 'has quit',
  publish: 'has published',
};
export const eventVerbs = Object.keys(eventPredicates);

/** "I passed an interview", "we formed a badminton group", "I lost my job". */
export function readEvent(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const predicate = eventPredicates[verb.lemma];
  // "I quit my job": the same word in all times.
  const hasHappened =
    isOver(clause) || (verb.lemma === 'quit' && verb.tense === 'present' && verb.modal === null);
  if (predicate === undefined || !hasHappened || verb.isNegated) return [];
  return readList(tokens, verb.end)
    .slice(0, 1)
    .filter(
      (item) =>
        item.phrase !== null &&
        !/^(?:way|touch|mind|track|control|interest|sleep|faith|hope|weight|confidence|motivation|temper)$/.test(
          item.head,
        ),
    )
    .map((item) => ({
      relation: 'other',
      predicate,
      name: item.name,
      type: typeOfItem(item) === 'other' ? 'event' : typeOfItem(item),
      confidence: 0.85,
      end: item.end,
    }));
}

/** "I applied for an editing job", "I got an interview opportunity", "I got promoted". */
export function readApplication({ tokens, verb }: Clause): Claim[] {
  if (
    verb.isNegated ||
    !/^(?:past|perfect)$/.test(verb.tense) ||
    !/^(?:for|to)$/.test(tokens[verb.end]?.lower ?? '')
  )
    return [];
  const target = readList(tokens, verb.end + 1)[0];
  return target?.phrase == null
    ? []
    : [
        {
          relation: 'other',
          predicate: 'has applied for',
          name: target.name,
          type: 'goal',
          confidence: 0.88,
          end: target.end,
        },
      ];
}
