import { describe, expect, it } from 'vitest';
import { diffMemory, withdrawnDiffer } from '../../src/memory/diff-memory.ts';
import { foldFactGroups } from '../../src/memory/fold-facts.ts';
import { foldPreferenceGroups } from '../../src/memory/fold-preferences.ts';
import { retractFact } from '../../src/memory/manual-observations.ts';
import type { FoldedFact, MemoryChange, MemoryState } from '../../src/model/memory.ts';
import type { FactObservation, PreferenceObservation } from '../../src/model/observation.ts';
import { at, fact, preference } from './observations.ts';

const stateOf = (facts: FactObservation[], preferences: PreferenceObservation[] = []): MemoryState => ({
  facts: foldFactGroups(facts),
  preferences: foldPreferenceGroups(preferences),
});
const brief = (changes: readonly MemoryChange[]) =>
  changes.map((change) => {
    const what = change.subject === 'fact' ? change.fact.entityName : change.preference.value;
    const how = change.kind === 'retracted' ? change.by : change.new ? 'new' : 'again';
    return `${change.kind} ${how} ${what}`;
  });

const porto = fact({ relation: 'lives_in', entity_name: 'Porto' }, { on: '2026-01-01' });
const portoAgain = fact({ relation: 'lives_in', entity_name: 'Porto' }, { on: '2026-02-01' });
const rome = fact({ relation: 'lives_in', entity_name: 'Rome' }, { on: '2026-03-01' });
const nothing = stateOf([]);

describe('diffMemory', () => {
  it('says nothing when nothing changed, even when jsonb gave the keys back in another order', () => {
    const state = stateOf([porto], [preference({ key: 'language', value: 'German' })]);
    const shuffled = state.facts.map(
      (one) => Object.fromEntries(Object.entries(one).reverse()) as unknown as FoldedFact,
    );
    expect(diffMemory(state, { ...state, facts: shuffled })).toEqual([]);
  });

  it('tells what was learned, and what was said again', () => {
    expect(brief(diffMemory(nothing, stateOf([porto])))).toEqual(['confirmed new Porto']);
    expect(brief(diffMemory(stateOf([porto]), stateOf([porto, portoAgain])))).toEqual([
      'confirmed again Porto',
    ]);
  });

  it('closes the old before it opens the new', () => {
    expect(brief(diffMemory(stateOf([porto]), stateOf([porto, rome])))).toEqual([
      'superseded again Porto',
      'confirmed new Rome',
    ]);
  });

  it('takes back what lost its evidence, and brings back what that had displaced', () => {
    expect(brief(diffMemory(stateOf([porto, rome]), stateOf([porto])))).toEqual([
      'retracted evidence Rome',
      'confirmed new Porto',
    ]);
  });

  it('tells a person’s retraction once', () => {
    const before = stateOf([porto]);
    const retraction = retractFact(before.facts[0] as FoldedFact, {
      entryId: 'entry',
      enteredAtMs: at('2026-02-01'),
    });
    const after = stateOf([porto, retraction]);
    expect(brief(diffMemory(before, after))).toEqual(['retracted person Porto']);
    expect(diffMemory(after, stateOf([porto, portoAgain, retraction]))).toEqual([]);
    expect(diffMemory(after, stateOf([retraction]))).toEqual([]);
    expect(brief(diffMemory(after, before))).toEqual(['confirmed new Porto']);
  });

  it('leaves to be stored what a withdrawn fact stands on, though nobody is told', () => {
    const retraction = retractFact(stateOf([porto]).facts[0] as FoldedFact, {
      entryId: 'entry',
      enteredAtMs: at('2026-02-01'),
    });
    const withdrawn = stateOf([porto, retraction]);
    expect(withdrawnDiffer(withdrawn, stateOf([retraction, porto]))).toBe(false);
    expect(withdrawnDiffer(withdrawn, stateOf([porto, portoAgain, retraction]))).toBe(true);
    expect(withdrawnDiffer(withdrawn, stateOf([retraction]))).toBe(true);
    expect(withdrawnDiffer(stateOf([porto]), stateOf([rome]))).toBe(false);
  });

  it('tells a past that was over when it was learned', () => {
    const was = fact({ relation: 'works_as', entity_name: 'nurse', valid_to: '2020-01-01T00:00:00Z' });
    expect(brief(diffMemory(nothing, stateOf([was])))).toEqual(['superseded new nurse']);
  });

  it('puts facts before preferences, and the same changes in the same order', () => {
    const after = stateOf(
      [
        porto,
        fact({ relation: 'likes', entity_name: 'tea' }),
        fact({ relation: 'from', entity_name: 'Chile' }),
      ],
      [preference({ key: 'language', value: 'German' })],
    );
    const backwards = { facts: [...after.facts].reverse(), preferences: after.preferences };
    expect(brief(diffMemory(nothing, after))).toEqual([
      'confirmed new Chile',
      'confirmed new Porto',
      'confirmed new tea',
      'confirmed new German',
    ]);
    expect(diffMemory(nothing, backwards)).toEqual(diffMemory(nothing, after));
  });
});
