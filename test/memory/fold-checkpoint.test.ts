import { describe, expect, it } from 'vitest';
import { cutMs } from '../../src/memory/fold-checkpoint.ts';
import { factMemory, foldFacts } from '../../src/memory/fold-facts.ts';
import { foldGroup, foldOn } from '../../src/memory/fold-group.ts';
import type { FactObservation } from '../../src/model/observation.ts';
import { byHand, dayMs, fact } from './observations.ts';

const home = { relation: 'lives_in', entity_name: 'Porto', entity_type: 'place' } as const;

/** One window a day, each with one claim. */
function days(count: number, from = 0): FactObservation[] {
  return Array.from({ length: count }, (_, index) =>
    fact(home, { windowId: `w-${from + index}`, occurredAtMs: dayMs * (from + index) }),
  );
}

describe('where a checkpoint reaches', () => {
  it('stays 32 observations behind the newest, once there are more than 96', () => {
    expect(cutMs(days(96))).toBeNull();
    expect(cutMs(days(97))).toBe(64 * dayMs);
  });

  it('lies between two event times', () => {
    const crowded = [...days(60), ...days(40).map((one) => ({ ...one, occurredAtMs: 60 * dayMs }))];
    expect(cutMs(crowded)).toBe(59 * dayMs);
    expect(cutMs(days(200).map((one) => ({ ...one, occurredAtMs: 0 })))).toBeNull();
  });

  it('waits until what a person entered lies before it', () => {
    const entry = byHand(fact(home, { occurredAtMs: 80 * dayMs }));
    expect(cutMs([...days(100), entry])).toBeNull();
    expect(cutMs([...days(150), entry])).toBe(117 * dayMs);
  });
});

describe('a checkpoint', () => {
  const earlier = days(97);
  const { checkpoint } = foldGroup(factMemory, earlier);

  it('needs only what came after it', () => {
    const tail = days(43, 65);
    if (checkpoint === null) throw new Error('no checkpoint was made');
    expect(foldOn(factMemory, checkpoint, tail)?.folded).toEqual(foldFacts([...days(65), ...tail]));
  });

  it('does not grow with the windows before it', () => {
    const later = foldGroup(factMemory, days(5_000)).checkpoint;
    expect(later?.state.length).toBeLessThan((checkpoint?.state.length ?? 0) * 1.2);
  });

  it('is not folded on over a person’s entry, nor with another group', () => {
    if (checkpoint === null) throw new Error('no checkpoint was made');
    expect(foldOn(factMemory, checkpoint, [byHand(fact(home, { on: '2026-01-01' }))])).toBeNull();
    const tea = fact({ relation: 'likes', entity_name: 'tea' });
    expect(() => foldOn(factMemory, checkpoint, [tea])).toThrow(/fold-5e97/u);
  });
});

describe('what is bounded of a fact', () => {
  it('counts a window once, and again when 50 others spoke in between', () => {
    const again = (afterDays: number) => [
      ...days(afterDays),
      fact(home, { windowId: 'w-0', occurredAtMs: dayMs * afterDays, observationId: 'again' }),
    ];
    expect(foldFacts(again(50))[0]).toMatchObject({ windowCount: 50 });
    expect(foldFacts(again(51))[0]).toMatchObject({ windowCount: 52 });
  });

  it('shows the newest words of the newest windows, and no second words of any', () => {
    const evidence = ['first', 'second'].map((quote) => ({ message_id: quote, quote }));
    const said = days(30).map((one, day) => ({
      ...one,
      fact: {
        ...home,
        ...one.fact,
        evidence: evidence.map((words) => ({ ...words, message_id: `${day}-${words.quote}` })),
      },
    }));
    const shown = foldFacts(said)[0]?.evidence ?? [];
    expect(shown.map(({ quote, occurredAtMs }) => [quote, occurredAtMs])).toEqual(
      Array.from({ length: 20 }, (_, index) => ['first', dayMs * (29 - index)]),
    );
  });
});
