import type { Relation } from '../../../model/results.ts';
import { typeOfItem, type Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Token } from '../language-model.ts';
import { emptyHeads, talkVerbs } from '../lexicon/empty-words.ts';
import { occasions } from '../lexicon/entity-heads.ts';
import { readAction, readActions, readDoing, readList } from '../lists.ts';
import { readNounPhrase } from '../phrases.ts';

/** "I want to visit Japan", "I'd like a dog", "I've been wanting to learn to cook". */
export function readWant(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.modal !== null && !/^(?:would|'d)$/.test(verb.modal)) return [];
  if (verb.tense === 'past' && !clause.hasEnded) return [];
  const polarity = verb.isNegated ? 'negative' : 'positive';
  if (tokens[verb.end]?.lower === 'to') return goal(clause, verb.end + 1, 'wants', 0.82);
  // "I wish my sleep was better" wishes for something else than what is named first.
  if (verb.lemma === 'wish') return [];
  const wanted = readList(tokens, verb.end);
  // "I want my sister to be happy": nothing of theirs is wanted.
  if (tokens[wanted.at(-1)?.end ?? verb.end]?.lower === 'to') return [];
  return wanted.map((item) => ({
    relation: 'wants',
    name: item.name,
    type: typeOfItem(item),
    polarity,
    confidence: 0.8,
    end: item.end,
  }));
}

/** "I hope to …", "I plan to …", "I'm going to …", "I decided to …". */
export function readPlan(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.lemma === 'hope' && tokens[verb.end]?.lower !== 'to') return hopedFor(clause);
  const isSure = verb.modal === null && /^(?:present|perfect|past)$/.test(verb.tense);
  if (!isSure || tokens[verb.end]?.lower !== 'to') return planOnDoing(clause);
  // "I went to see …" and "I go to …" are no plans; "I'm going to …" is, unless it happens at once.
  if (/^(?:go|try)$/.test(verb.lemma) && (!verb.isProgressive || isRightNow(clause))) return [];
  const wasHoping = verb.lemma === 'hope' && verb.isProgressive;
  if (verb.tense === 'past' && !/^(?:decide|promise)$/.test(verb.lemma) && !wasHoping) return [];
  return goal(clause, verb.end + 1, /^(?:hope|try)$/.test(verb.lemma) ? 'wants' : 'plans_to', 0.85);
}

/** "I hope I can find a better job", "I hope that I will pass the exam". */
function hopedFor({ tokens, verb }: Clause): Claim[] {
  const at = tokens[verb.end]?.lower === 'that' ? verb.end + 1 : verb.end;
  const isOwn = tokens[at]?.lower === 'i' && /^(?:can|could|will|'ll)$/.test(tokens[at + 1]?.lower ?? '');
  if (!isOwn || verb.isNegated || verb.tense === 'past') return [];
  return readActions(tokens, skipped(tokens, at + 2))
    .filter(({ name, head }) => isGoal(name, head, 'wants'))
    .map(({ name, end }) => ({ relation: 'wants', name, type: 'goal', confidence: 0.82, end }));
}

function isRightNow({ tokens, verb, start }: Clause): boolean {
  const around = tokens.slice(Math.max(0, start - 2), verb.end);
  return around.some(({ lower }) => lower === 'now');
}

/** "I'm planning a trip to Greece". */
function plannedEvent(tokens: readonly Token[], at: number): Claim[] {
  const event = readNounPhrase(tokens, at);
  if (event === undefined || !occasions.has(event.head)) return [];
  const place = tokens[event.end]?.lower === 'to' ? readNounPhrase(tokens, event.end + 1) : undefined;
  const isPlace = place?.isProper === true;
  return [
    {
      relation: 'plans_to',
      name: isPlace ? `${event.name} to ${place.name}` : event.name,
      type: 'event',
      confidence: 0.85,
      end: isPlace ? place.end : event.end,
    },
  ];
}

function planOnDoing({ tokens, verb }: Clause): Claim[] {
  if (verb.lemma !== 'plan') return [];
  if (tokens[verb.end]?.lower !== 'on') return plannedEvent(tokens, verb.end);
  const doing = readDoing(tokens, verb.end + 1);
  return doing === undefined
    ? []
    : [{ relation: 'plans_to', name: doing.name, type: 'goal', confidence: 0.8, end: doing.end }];
}

/** "I'll move to Berlin", "maybe I'll visit Rome": of verbs that nobody says of the next minute. */
export function readResolve(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.tense !== 'future' || verb.isNegated) return [];
  const action = readAction(tokens, verb.end - 1);
  if (action === undefined || !isGoal(action.name, action.head, 'plans_to')) return [];
  return [{ relation: 'plans_to', name: action.name, type: 'goal', confidence: 0.8, end: action.end }];
}

/** "I've been looking for a job". */
export function readSearch(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (!verb.isProgressive || verb.isNegated || tokens[verb.end]?.lower !== 'for') return [];
  return readList(tokens, verb.end + 1)
    .filter((item) => item.phrase !== null)
    .slice(0, 1)
    .map((item) => ({
      relation: 'other',
      predicate: 'is looking for',
      name: item.name,
      type: typeOfItem(item),
      confidence: 0.85,
      end: item.end,
    }));
}

/** What is wanted or planned, as an action: "visit Japan". */
function goal(clause: Clause, at: number, relation: Relation, confidence: number): Claim[] {
  const { tokens, verb } = clause;
  const places = journey(clause, at, relation);
  if (places.length > 0) return places;
  // "I don't want to burden them" is about a moment.
  if (verb.isNegated) return [];
  return readActions(tokens, skipped(tokens, at))
    .filter(({ name, head }) => isGoal(name, head, relation))
    .map(({ name, end }) => ({ relation, name, type: 'goal', confidence, end }));
}

/** "go to beautiful places like Oslo and Bergen": each place that has a name. */
function journey({ tokens, verb }: Clause, at: number, relation: Relation): Claim[] {
  const from = skipped(tokens, at);
  const isGoing = /^(?:go|travel|fly)$/.test(tokens[from]?.lower ?? '') && tokens[from + 1]?.lower === 'to';
  if (verb.isNegated || !(isGoing || tokens[from]?.lower === 'visit')) return [];
  return readList(tokens, from + (isGoing ? 2 : 1))
    .filter((item) => item.phrase?.isProper === true)
    .map((item) => ({ relation, name: `visit ${item.name}`, type: 'goal', confidence: 0.88, end: item.end }));
}

function skipped(tokens: readonly Token[], at: number): number {
  return /^(?:also|really|just|maybe|finally|definitely)$/.test(tokens[at]?.lower ?? '') ? at + 1 : at;
}

/** Two words at least, no step of the conversation, and an object that says what. */
export function isGoal(name: string, head: string, relation: Relation): boolean {
  const words = name.toLowerCase().split(' ');
  const last = words.at(-1) ?? '';
  const content = words
    .slice(1)
    .filter(
      (word) => !/^(?:to|for|a|an|the|some|with|in|on|at|of|out|up|and|new|more|how|any|from)$/.test(word),
    );
  if (content.length === 0 || name.length > 60 || words.length > 8) return false;
  // "find some movies to watch": what the talk is to bring at once.
  if (head === 'find' && words.includes('to')) return false;
  if (
    content.every(
      (word) =>
        emptyHeads.has(word) ||
        /^(?:interesting|simple|good|fun|better|next|those|these|different|useful|own|great|other)$/.test(
          word,
        ),
    )
  )
    return false;
  if (emptyHeads.has(last) && content.length < 2) return false;
  if (relation === 'plans_to' && /^(?:go|see|watch|take|prepare|make|do|get|have)$/.test(head))
    return content.some((word) => !emptyHeads.has(word));
  return (
    !talkVerbs.has(head) ||
    (/^(?:go|see|make|take|get|start|begin|have|become|try|find|do)$/.test(head) &&
      content.some((word) => word.length > 2 && !emptyHeads.has(word)))
  );
}
