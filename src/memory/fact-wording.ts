import type { FoldedFact } from '../model/memory.ts';
import type { FactObservation } from '../model/observation.ts';
import type { EntityType, FactResult } from '../model/results.ts';
import { InvariantError } from '../errors.ts';
import { displayName } from './canonical-entity.ts';
import { ranks, type Claim } from './claim.ts';
import { strengthOf } from './relation-rules.ts';
import { leadingClaims } from './remember.ts';

type FactClaim = Claim<FactObservation>;
type Wording = Pick<FoldedFact, 'relation' | 'predicate' | 'polarity' | 'entityName' | 'entityType'>;

const maxAttributes = 20;

/** How a fact is put into words; `claims` in their order, at least one. */
export function factWording(claims: readonly FactClaim[]): Wording {
  const leading = leadingClaims(claims);
  const { relation, predicate, polarity } = strongestOfLatest(leading);
  return {
    relation,
    predicate: relation === 'other' ? (predicate ?? null) : null,
    polarity,
    ...commonestName(leading),
  };
}

/** Each attribute as last said; a person's word after all others. */
export function mergedAttributes(claims: readonly FactClaim[]): Record<string, string> {
  const merged = new Map<string, string>();
  const inOrder = [
    ...claims.filter((claim) => claim.rank !== ranks.manual),
    ...claims.filter((claim) => claim.rank === ranks.manual),
  ];
  for (const { source } of inOrder) {
    for (const [name, value] of Object.entries(source.fact.attributes ?? {})) {
      // Deleted first, so that the newest stand last and the bound drops the oldest.
      merged.delete(name);
      merged.set(name, value);
    }
  }
  const newest = [...merged].slice(-maxAttributes);
  return Object.fromEntries(newest.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Who loved it in spring and likes it in autumn likes it; said in one conversation, the stronger word counts. */
function strongestOfLatest(claims: readonly FactClaim[]): FactResult {
  const latest = claims.at(-1);
  if (latest === undefined) throw new InvariantError('fold-9c44', 'a period has no claims');
  return claims
    .filter(({ source }) => source.windowId !== null && source.windowId === latest.source.windowId)
    .map(({ source }) => source.fact)
    .reduce((best, fact) => (saysMore(fact, best) ? fact : best), latest.source.fact);
}

/** "Hates it" tells more than "does not like it", whatever the verb. */
function saysMore(fact: FactResult, best: FactResult): boolean {
  if (fact.polarity !== best.polarity) return fact.polarity === 'positive';
  return strengthOf(fact.relation) > strengthOf(best.relation);
}

interface Naming {
  readonly name: string;
  readonly type: EntityType;
  readonly windows: Set<string | null>;
  /** Place of its newest claim in the order. */
  newest: number;
}

/**
 * The spelling that most windows used, of equals the newest. Name and type come from
 * the same claim: the type decides how the name is compared.
 */
function commonestName(claims: readonly FactClaim[]): Pick<Wording, 'entityName' | 'entityType'> {
  const namings = new Map<string, Naming>();
  claims.forEach(({ source }, index) => {
    const { entity_name: name, entity_type: type } = source.fact;
    const key = `${type}:${name}`;
    const naming = namings.get(key) ?? { name, type, windows: new Set(), newest: index };
    naming.windows.add(source.windowId);
    naming.newest = index;
    namings.set(key, naming);
  });
  const best = [...namings.values()].reduce((chosen, next) => (isBetterName(next, chosen) ? next : chosen));
  return { entityName: displayName(best.name), entityType: best.type };
}

/** A name without a kind says less, however often it was used. */
function isBetterName(next: Naming, chosen: Naming): boolean {
  if ((next.type === 'other') !== (chosen.type === 'other')) return chosen.type === 'other';
  if (next.windows.size !== chosen.windows.size) return next.windows.size > chosen.windows.size;
  return next.newest > chosen.newest;
}
