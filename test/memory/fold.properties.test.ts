import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEntity } from '../../src/memory/canonical-entity.ts';
import { diffMemory } from '../../src/memory/diff-memory.ts';
import { foldFactGroups, foldFacts } from '../../src/memory/fold-facts.ts';
import { foldPreferenceGroups } from '../../src/memory/fold-preferences.ts';
import { factGroupKey } from '../../src/memory/group-keys.ts';
import { isSingleValued, familyOf } from '../../src/memory/relation-rules.ts';
import type { FoldedFact, MemoryChange, MemoryState } from '../../src/model/memory.ts';
import type { FactObservation, PreferenceObservation } from '../../src/model/observation.ts';
import { factObservation, facts, preferences } from './arbitrary-observations.ts';

const runs = { numRuns: 400 };

const stateOf = (
  observations: readonly FactObservation[],
  preferenceObservations: readonly PreferenceObservation[] = [],
): MemoryState => ({
  facts: foldFactGroups(observations),
  preferences: foldPreferenceGroups(preferenceObservations),
});

describe('the fold, for any observations', () => {
  it('does not depend on their order, nor on being handed one twice', () => {
    fc.assert(
      fc.property(
        facts.chain((observations) =>
          fc.tuple(
            fc.constant(observations),
            fc.shuffledSubarray(observations, { minLength: observations.length }),
            fc.subarray(observations),
          ),
        ),
        preferences,
        ([observations, shuffled, repeated], preferred) => {
          const once = stateOf(observations, preferred);
          expect(stateOf([...shuffled, ...repeated], [...preferred].reverse())).toEqual(once);
        },
      ),
      runs,
    );
  });

  it('keeps at most one thing of a group current, so no two current facts say the same', () => {
    fc.assert(
      fc.property(facts, preferences, (observations, preferred) => {
        const state = stateOf(observations, preferred);
        const current = [...state.facts, ...state.preferences].filter(({ status }) => status === 'current');
        const groups = current.map(({ groupKey }) => groupKey);
        expect(new Set(groups).size).toBe(groups.length);
      }),
      runs,
    );
  });

  it('gives every fact an id of its own, a beginning before its end, and a successor that exists', () => {
    fc.assert(
      fc.property(facts, preferences, (observations, preferred) => {
        const state = stateOf(observations, preferred);
        const all = [
          ...state.facts.map((one) => ({ id: one.factId, ...one })),
          ...state.preferences.map((one) => ({ id: one.preferenceId, ...one })),
        ];
        const ids = new Set(all.map(({ id }) => id));
        expect(ids.size).toBe(all.length);
        for (const one of all) {
          expect(one.supersededBy !== null).toBe(one.status === 'superseded');
          if (one.supersededBy !== null) expect(ids).toContain(one.supersededBy);
          if (one.status === 'superseded' || one.status === 'ended') expect(one.validToMs).not.toBeNull();
          if (one.validFromMs !== null && one.validToMs !== null && one.status !== 'retracted') {
            expect(one.validFromMs).toBeLessThanOrEqual(one.validToMs);
          }
          expect(one.firstSeenMs).toBeLessThanOrEqual(one.lastSeenMs);
        }
      }),
      runs,
    );
  });

  it('names and types a fact so that it lies in the group that it came from', () => {
    fc.assert(
      fc.property(facts, (observations) => {
        for (const folded of foldFactGroups(observations)) expect(groupOf(folded)).toBe(folded.groupKey);
      }),
      runs,
    );
  });

  it('tells in its changes all that became different, whichever windows come and go', () => {
    fc.assert(
      fc.property(facts, preferences, fc.array(fc.integer({ min: 0, max: 8 })), (all, preferred, steps) => {
        const live = new Set<string>();
        const replica = new Map<string, unknown>();
        let before = stateOf([]);
        for (const step of steps) {
          const windowId = `w-${step}`;
          if (!live.delete(windowId)) live.add(windowId);
          const isLive = ({ windowId: id }: { windowId: string | null }): boolean =>
            id === null || live.has(id);
          const after = stateOf(all.filter(isLive), preferred.filter(isLive));
          diffMemory(before, after).forEach((change) => {
            apply(replica, change);
          });
          expect(replica).toEqual(notRetracted(after));
          before = after;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('leaves every observation of other groups without effect on a group', () => {
    fc.assert(
      fc.property(facts, (observations) => {
        const whole = foldFactGroups(observations);
        const keys = new Set(observations.map((observation) => factGroupKey(observation.fact)));
        for (const key of keys) {
          const group = observations.filter((observation) => factGroupKey(observation.fact) === key);
          expect(foldFacts(group)).toEqual(whole.filter(({ groupKey }) => groupKey === key));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('puts two claims that can close each other into one group', () => {
    fc.assert(
      fc.property(factObservation, factObservation, ({ fact: a }, { fact: b }) => {
        const families = [a, b].map(({ relation }) => tasteAsOne(familyOf(relation)));
        const sameThing =
          canonicalEntity(a.entity_name, a.entity_type) === canonicalEntity(b.entity_name, b.entity_type);
        const samePredicate = a.relation !== 'other' || a.predicate === b.predicate;
        const interact =
          families[0] === families[1] && samePredicate && (isSingleValued(a.relation) || sameThing);
        expect(factGroupKey(a) === factGroupKey(b)).toBe(interact);
      }),
      { numRuns: 2000 },
    );
  });
});

function tasteAsOne(family: string): string {
  return family === 'dislikes' ? 'likes' : family;
}

function groupOf({ relation, predicate, entityName, entityType }: FoldedFact): string {
  const named = { relation, entity_name: entityName, entity_type: entityType };
  return factGroupKey(predicate === null ? named : { ...named, predicate });
}

function apply(replica: Map<string, unknown>, change: MemoryChange): void {
  const [id, item] =
    change.subject === 'fact'
      ? [change.fact.factId, change.fact]
      : [change.preference.preferenceId, change.preference];
  if (change.kind === 'retracted') replica.delete(id);
  else replica.set(id, item);
}

function notRetracted({ facts: folded, preferences: preferred }: MemoryState): Map<string, unknown> {
  const all: [string, FoldedFact | MemoryState['preferences'][number]][] = [
    ...folded.map((one): [string, FoldedFact] => [one.factId, one]),
    ...preferred.map((one): [string, MemoryState['preferences'][number]] => [one.preferenceId, one]),
  ];
  return new Map(all.filter(([, { status }]) => status !== 'retracted'));
}
