import { describe, expect, it } from 'vitest';
import { foldPreferenceGroups, foldPreferences } from '../../src/memory/fold-preferences.ts';
import type { FoldedPreference } from '../../src/model/memory.ts';
import type { PreferenceResult } from '../../src/model/results.ts';
import { at, byHand, preference } from './observations.ts';

const length = (value: string, more: Partial<PreferenceResult> = {}) => ({
  key: 'response_length' as const,
  value,
  ...more,
});
const implied = { explicit: false } as const;
const brief = (folded: readonly FoldedPreference[]) =>
  folded.map(({ value, status }) => `${value} ${status}`);
const current = (folded: readonly FoldedPreference[]) => folded.filter(({ status }) => status === 'current');

describe('foldPreferences', () => {
  it('lets the newest explicit one win and keeps the history', () => {
    const folded = foldPreferences([
      preference(length('long'), { on: '2026-03-01' }),
      preference(length('short'), { on: '2026-01-01' }),
    ]);
    expect(brief(folded)).toEqual(['short superseded', 'long current']);
    expect(folded[0]).toMatchObject({ validToMs: at('2026-03-01'), supersededBy: folded[1]?.preferenceId });
  });

  it('never lets an implied one overwrite an explicit one, however much later', () => {
    const folded = foldPreferences([
      preference(length('short'), { on: '2020-01-01' }),
      preference(length('long', implied), { on: '2026-01-01' }),
      preference(length('long', implied), { on: '2026-02-01' }),
    ]);
    expect(brief(folded)).toEqual(['short current']);
    expect(folded[0]?.explicit).toBe(true);
  });

  it('lets an explicit one take the place of implied ones, and the newest implied of an older', () => {
    const folded = foldPreferences([
      preference(length('long', implied), { on: '2026-01-01' }),
      preference(length('medium', implied), { on: '2026-02-01' }),
      preference(length('short'), { on: '2026-03-01' }),
    ]);
    expect(brief(folded)).toEqual(['long superseded', 'medium superseded', 'short current']);
  });

  it('takes spellings of one value for one preference, and keeps the words of the explicit one', () => {
    const folded = foldPreferences([
      preference(length('Short'), { on: '2026-01-01' }),
      preference(length(' short ', { ...implied, reasoning: 'writes little' }), { on: '2026-02-01' }),
    ]);
    expect(folded).toHaveLength(1);
    expect(folded[0]).toMatchObject({ value: 'Short', reasoning: 'said so', explicit: true, windowCount: 2 });
  });

  it('holds many topics, each either sought or avoided', () => {
    const folded = foldPreferenceGroups([
      preference({ key: 'topic_preferences', value: 'football' }, { on: '2026-01-01' }),
      preference({ key: 'topic_preferences', value: 'cooking' }, { on: '2026-01-01' }),
      preference({ key: 'topics_to_avoid', value: 'politics' }, { on: '2026-01-01' }),
      preference({ key: 'topics_to_avoid', value: 'Football' }, { on: '2026-02-01' }),
    ]);
    expect(
      current(folded)
        .map(({ key, value }) => `${key} ${value}`)
        .sort(),
    ).toEqual(['topic_preferences cooking', 'topics_to_avoid Football', 'topics_to_avoid politics']);
  });

  it('keeps what a person entered against hints, and what a person retracted away', () => {
    const entered = byHand(preference(length('short', implied), { on: '2026-01-01' }));
    const hint = preference(length('long', implied), { on: '2026-05-01' });
    expect(brief(current(foldPreferences([entered, hint])))).toEqual(['short current']);
    const withdrawn = byHand(preference(length('long')), true);
    expect(brief(foldPreferences([withdrawn, hint]))).toEqual(['long retracted']);
  });

  it('has nothing to say of nothing', () => {
    expect(foldPreferences([])).toEqual([]);
  });
});
