import type { Relation } from '../../../model/results.ts';
import type { FactDraft } from '../../stages/drafts.ts';
import { verbOfGerund } from '../lexicon/verbs.ts';
import { addressesReader } from '../../validators/third-person.ts';

/** A clause that follows "The user": "likes hiking and chess". */
export interface Statement {
  readonly text: string;
  /** Higher says more about this conversation. */
  readonly weight: number;
  readonly lines: readonly number[];
}

const wording: Readonly<Partial<Record<Relation, readonly [string, number]>>> = {
  is_named: ['introduced themselves as', 2],
  is_aged: ['is aged', 3],
  lives_in: ['lives in', 5],
  from: ['is from', 4],
  works_as: ['works as', 5],
  works_at: ['works at', 5],
  studies: ['is learning', 5],
  studied_at: ['studied at', 4],
  speaks: ['speaks', 3],
  likes: ['likes', 4],
  loves: ['loves', 4],
  enjoys: ['enjoys', 4],
  prefers: ['likes best', 4],
  dislikes: ['dislikes', 4],
  hates: ['hates', 4],
  avoids: ['avoids', 4],
  owns: ['has', 4],
  has: ['has', 4],
  visited: ['visited', 5],
  does: ['spends time', 4],
  plays: ['plays', 4],
  practices: ['practices', 4],
  wants: ['wants', 5],
  needs: ['needs', 4],
  plans_to: ['plans to', 5],
  learned: ['learned', 5],
  knows: ['knows', 3],
  feels: ['felt', 4.5],
  allergic_to: ['is allergic to', 5],
};

const maxNames = 4;

/** Facts as clauses; those of one kind become one list. */
export function statementsOf(facts: readonly FactDraft[]): Statement[] {
  const groups = new Map<string, { facts: FactDraft[]; verb: string; weight: number }>();
  for (const fact of facts.filter(isTellable)) {
    const [verb, weight] = wordingOf(fact);
    const group = groups.get(verb) ?? { facts: [], verb, weight };
    groups.set(verb, { ...group, facts: [...group.facts, fact] });
  }
  return [...groups.values()].map(({ facts: told, verb, weight }) => ({
    text: phrased(verb, told.slice(0, maxNames).map(nameOf)),
    weight,
    lines: told.slice(0, maxNames).flatMap(({ evidence }) => evidence.map(({ line }) => line)),
  }));
}

/** "likes hiking best", "wants to visit Oslo and Bergen", "is learning to cook". */
function phrased(verb: string, names: readonly string[]): string {
  const shared = names[0]?.split(' ')[0] ?? '';
  const isShared =
    verb.endsWith(' to') && names.length > 1 && names.every((name) => name.startsWith(`${shared} `));
  const told = isShared
    ? [names[0] ?? '', ...names.slice(1).map((name) => name.slice(shared.length + 1))]
    : names;
  return verb === 'likes best' ? `likes ${inWords(told)} best` : `${verb} ${inWords(told)}`;
}

/** What is so, said plainly; denials and jokes would need more words than a summary has. */
function isTellable(fact: FactDraft): boolean {
  const isPlain =
    fact.modality === 'stated' || (fact.modality === 'implied' && !/^(?:has|owns)$/.test(fact.relation));
  return isPlain && fact.polarity === 'positive' && fact.valid_to === null && !addressesReader(nameOf(fact));
}

function wordingOf(fact: FactDraft): readonly [string, number] {
  if (fact.relation === 'other') return [fact.predicate ?? 'mentioned', 5];
  if (fact.relation === 'wants' && fact.entity_type === 'goal') return ['wants to', 5];
  if (fact.relation === 'needs' && fact.entity_type === 'goal') return ['needs to', 4];
  return wording[fact.relation] ?? ['mentioned', 3];
}

function nameOf({
  entity_name: name,
  entity_type: type,
  relation,
  predicate,
  attributes,
  evidence,
}: FactDraft): string {
  const details = Object.fromEntries(attributes.map((attribute) => [attribute.name, attribute.value]));
  if (type === 'media' && /^has (?:read|watched)/.test(predicate ?? '')) return `"${name}"`;
  if (relation === 'feels' && details['about'] !== undefined)
    return `${name} ${linkOf(name)} ${details['about']}`;
  if (relation === 'studies' || relation === 'learned')
    return asInfinitive(name) ?? withArticle(name, evidence);
  if (relation === 'owns' && details['kind'] !== undefined) return `the ${details['kind']} ${name}`;
  if (name === 'birthday')
    return `their birthday${details['date'] === undefined ? '' : ` on ${details['date']}`}`;
  if (relation === 'has' && /^[a-z]+ (?:life|job|schedule|relationship|marriage|mood|diet)$/.test(name))
    return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
  if (relation === 'works_as') return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
  return articled.test(relation) && (type !== 'goal' || relation === 'other')
    ? withArticle(name, evidence)
    : name;
}

const articled = /^(?:other|visited|wants|has|owns|plays|does|loves)$/;

function linkOf(feeling: string): string {
  if (/^(?:bored|stuck)$/.test(feeling)) return 'with';
  return /^(?:tired|afraid|scared|ashamed|proud|jealous|weary)$/.test(feeling) ? 'of' : 'about';
}

/** "playing the piano" as "to play the piano". */
function asInfinitive(name: string): string | undefined {
  const [first = '', ...rest] = name.split(' ');
  const verb = /ing$/.test(first) ? verbOfGerund(first) : undefined;
  return verb === undefined ? undefined : ['to', verb, ...rest].join(' ');
}

/** The article that the user put before it; names go without one, and so do the summary's lists of tastes. */
function withArticle(name: string, evidence: FactDraft['evidence']): string {
  const at = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const before = new RegExp(`\\b(a|an|the|my|our)\\s+(?:[\\w'-]+\\s+){0,3}?${at}(?![\\w-])`, 'i');
  const article = evidence
    .map(({ quote }) => before.exec(quote)?.[1]?.toLowerCase())
    .find((word) => word !== undefined);
  if (article === undefined) return name;
  if (article === 'my' || article === 'our') return `their ${name}`;
  if (article === 'the') return `the ${name}`;
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

/** "a", "a and b", "a, b and c". */
export function inWords(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
