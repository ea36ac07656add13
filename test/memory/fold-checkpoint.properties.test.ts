import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factMemory } from '../../src/memory/fold-facts.ts';
import { foldGroup, foldOn, type MemoryKind } from '../../src/memory/fold-group.ts';
import type { FoldCheckpoint } from '../../src/memory/fold-checkpoint.ts';
import { preferenceMemory } from '../../src/memory/fold-preferences.ts';
import type { Observation } from '../../src/model/observation.ts';
import { factsOfOneGroup, preferencesOfOneGroup } from './arbitrary-observations.ts';
import { at, dayMs } from './observations.ts';

const timeoutMs = 120_000;
const runs = { numRuns: 150 };
const cutTime = fc.integer({ min: -1, max: 251 }).map((days) => at('2025-01-01') + days * dayMs);
const cuts = fc.tuple(cutTime, cutTime).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

describe('a fold from a checkpoint', () => {
  it(
    'gives the facts of a fold of everything, wherever two cuts lie',
    () => {
      fc.assert(fc.property(factsOfOneGroup, cuts, resumes(factMemory)), runs);
    },
    timeoutMs,
  );

  it(
    'gives the preferences of a fold of everything, wherever two cuts lie',
    () => {
      fc.assert(fc.property(preferencesOfOneGroup, cuts, resumes(preferenceMemory)), runs);
    },
    timeoutMs,
  );

  it(
    'gives the facts of a fold of everything, whichever windows after the cut are taken out',
    () => {
      fc.assert(
        fc.property(factsOfOneGroup, cutTime, fc.integer({ min: 0, max: 75 }), (all, cut, window) => {
          const isLeft = (one: Observation): boolean =>
            one.occurredAtMs <= cut || one.windowId !== `w-${window}`;
          resumes(factMemory)(all.filter(isLeft), [cut, cut]);
        }),
        runs,
      );
    },
    timeoutMs,
  );
});

/** Cuts twice, takes up the fold from the second cut alone, and compares. */
function resumes<Source extends Observation, Words, Folded>(kind: MemoryKind<Source, Words, Folded>) {
  return (all: readonly Source[], [first, second]: readonly [number, number]): void => {
    const head = all.filter((one) => one.occurredAtMs <= first);
    const begun = foldGroup(kind, head, () => first).checkpoint;
    const tail = all.filter((one) => one.occurredAtMs > first).reverse();
    const whole = foldGroup(kind, all).folded;
    if (begun === null) return;
    const once = foldOn(kind, parsed(begun), tail, () => second);
    // A person's entry may reach back over the cut: nothing is promised but that it is noticed.
    expect(once === null).toBe(tail.some(({ origin }) => origin === 'manual'));
    if (once === null || once.checkpoint === null) return;
    expect(once.folded).toEqual(whole);
    const rest = tail.filter((one) => one.occurredAtMs > second);
    expect(foldOn(kind, parsed(once.checkpoint), rest)?.folded).toEqual(whole);
  };
}

function parsed(checkpoint: FoldCheckpoint): FoldCheckpoint {
  return JSON.parse(JSON.stringify(checkpoint)) as FoldCheckpoint;
}
