import { describe, expect, it } from 'vitest';
import { foldFactGroups } from '../../src/memory/fold-facts.ts';
import { foldPreferenceGroups } from '../../src/memory/fold-preferences.ts';
import { renderProfile, type ProfileParts } from '../../src/memory/render-profile.ts';
import { renderProfileText } from '../../src/memory/render-profile-text.ts';
import type { FactObservation } from '../../src/model/observation.ts';
import { at, byHand, fact, preference } from './observations.ts';

const observed: FactObservation[] = [
  fact({ relation: 'lives_in', entity_name: 'Rome', entity_type: 'place' }, { on: '2025-03-01' }),
  fact({ relation: 'lives_in', entity_name: 'Porto', entity_type: 'place' }, { on: '2026-03-01' }),
  fact({ relation: 'is_named', entity_name: 'Ann', entity_type: 'name' }),
  fact({ relation: 'works_as', entity_name: 'nurse', entity_type: 'occupation' }),
  fact({ relation: 'likes', entity_name: 'hiking', entity_type: 'hobby' }),
  fact({ relation: 'hates', entity_name: 'liver', entity_type: 'food' }),
  fact({ relation: 'has', entity_name: 'Luna', entity_type: 'pet', attributes: { species: 'cat' } }),
  fact({ relation: 'plans_to', entity_name: 'Japan', entity_type: 'place' }, { on: '2026-03-01' }),
  fact({ relation: 'feels', entity_name: 'tired', entity_type: 'feeling' }, { on: '2026-03-01' }),
  byHand(fact({ relation: 'owns', entity_name: 'yacht', entity_type: 'object' }), true),
  fact({ relation: 'owns', entity_name: 'yacht', entity_type: 'object' }),
];
const preferred = [
  preference({ key: 'response_length', value: 'short' }),
  preference({ key: 'topics_to_avoid', value: 'politics' }),
  preference({ key: 'topics_to_avoid', value: 'work', explicit: false }),
  preference({ key: 'preferred_name', value: 'Annie' }),
];
const summary = (number: number) => ({
  windowId: `w-${number}`,
  startedAtMs: at(`2026-02-0${number}`),
  endedAtMs: at(`2026-02-0${number}`) + 3_600_000,
  summary: {
    summary_text: `The user talked\nabout trip ${number}.`,
    key_topics: ['travel'],
    emotional_tone: 'positive' as const,
    compression_ratio: 0.1,
    confidence_score: 0.8,
  },
});
const parts: ProfileParts = {
  botId: 'bot',
  userId: 'ann',
  facts: foldFactGroups(observed),
  preferences: foldPreferenceGroups(preferred),
  summaries: [1, 2, 3, 4].map(summary),
};

describe('renderProfileText', () => {
  it('reads as a person would want it', () => {
    expect(renderProfileText(renderProfile(parts))).toBe(
      [
        'About',
        '- Is named Ann',
        '- Lives in Porto',
        '- Works as a nurse',
        '',
        'Preferences',
        '- Wants to be called: Annie',
        '- Length of answers: short',
        '- Topics to avoid: politics, work (seems so)',
        '',
        'Likes and dislikes',
        '- Likes hiking',
        '- Hates liver',
        '',
        'People and pets',
        '- Has a cat named Luna',
        '',
        'Plans',
        '- Plans to go to Japan',
        '',
        'Recently',
        '- Feels tired',
        '- 2026-02-04: The user talked about trip 4.',
        '- 2026-02-03: The user talked about trip 3.',
        '- 2026-02-02: The user talked about trip 2.',
        '',
        'Earlier',
        '- Used to live in Rome (until March 2026)',
      ].join('\n'),
    );
  });

  it('marks what may be out of date, when it is told the time', () => {
    const text = renderProfileText(renderProfile({ ...parts, nowMs: at('2026-04-01') }));
    expect(text).toContain('- Feels tired (may be out of date)');
    expect(text).toContain('- Lives in Porto\n');
    expect(renderProfileText(renderProfile({ ...parts, nowMs: at('2030-01-01') }))).toContain(
      '- Lives in Porto (may be out of date)',
    );
  });

  it('marks what was out of date by the newest words in it, when it is told no time', () => {
    const early = fact(
      { relation: 'feels', entity_name: 'tired', entity_type: 'feeling' },
      { on: '2026-03-01' },
    );
    const rendered = (on: string): string => {
      const later = fact({ relation: 'likes', entity_name: 'tea', entity_type: 'drink' }, { on });
      return renderProfileText(
        renderProfile({ ...parts, facts: foldFactGroups([early, later]), preferences: [], summaries: [] }),
      );
    };
    expect(rendered('2026-03-05')).not.toContain('out of date');
    expect(rendered('2026-03-20')).toContain('- Feels tired (may be out of date)');
    expect(rendered('2026-03-20')).not.toContain('Likes tea (may be');
  });

  it('never exceeds the given length, keeps whole lines, and gives every section its first line before any its second', () => {
    const profile = renderProfile(parts);
    const whole = renderProfileText(profile);
    const lines = new Set(whole.split('\n'));
    for (let maxCharacters = 0; maxCharacters <= whole.length; maxCharacters += 1) {
      const text = renderProfileText(profile, { maxCharacters });
      expect(text.length).toBeLessThanOrEqual(maxCharacters);
      if (text !== '') for (const line of text.split('\n')) expect(lines).toContain(line);
    }
    expect(renderProfileText(profile, { maxCharacters: whole.length })).toBe(whole);
    const tight = renderProfileText(profile, { maxCharacters: 280 });
    expect(tight).toContain('Plans to go to Japan');
    expect(tight).not.toContain('trip 2');
  });

  it('shows no ids, and nothing of an empty memory', () => {
    const text = renderProfileText(renderProfile(parts));
    for (const { factId } of parts.facts) expect(text).not.toContain(factId);
    expect(renderProfileText(renderProfile({ ...parts, facts: [], preferences: [], summaries: [] }))).toBe(
      '',
    );
  });
});

describe('renderProfile', () => {
  it('leaves out what was retracted and what never held', () => {
    const profile = renderProfile(parts);
    expect(JSON.stringify(profile)).not.toContain('yacht');
    const corrected = foldFactGroups([
      fact({ relation: 'lives_in', entity_name: 'Rome' }, { on: '2026-01-01' }),
      fact(
        { relation: 'lives_in', entity_name: 'Porto', valid_from: '2019-01-01T00:00:00Z' },
        { on: '2026-02-01' },
      ),
    ]);
    expect(renderProfile({ ...parts, facts: corrected }).facts.earlier).toEqual([]);
  });

  it('is the same whatever the order of what it is made from, and whenever', () => {
    const backwards = {
      ...parts,
      facts: [...parts.facts].reverse(),
      preferences: [...parts.preferences].reverse(),
      summaries: [...parts.summaries].reverse(),
    };
    expect(renderProfile(backwards)).toEqual(renderProfile(parts));
    expect(renderProfile(parts).facts.about[0]).not.toHaveProperty('stale');
  });

  it('gives times as the contract does and the words of each fact', () => {
    const [, porto] = renderProfile({ ...parts, nowMs: at('2026-04-01') }).facts.about;
    expect(porto).toMatchObject({
      sentence: 'Lives in Porto',
      valid_from: '2026-03-01T00:00:00.000Z',
      valid_to: null,
      last_seen: '2026-03-01T00:00:00.000Z',
      stale: false,
      status: 'current',
    });
  });

  it('tells of each current fact when it becomes stale, by the lifetimes that are set', () => {
    const staleAfter = (lifetimes?: ProfileParts['lifetimes']): (string | null)[] => {
      const { about, earlier } = renderProfile({ ...parts, ...(lifetimes && { lifetimes }) }).facts;
      return [about[1], about[0], earlier[0]].map((one) => one?.stale_after ?? null);
    };
    expect(staleAfter()).toEqual(['2028-02-29T00:00:00.000Z', null, null]);
    expect(staleAfter({ lives_in: 86_400_000 })[0]).toBe('2026-03-02T00:00:00.000Z');
    expect(staleAfter({ lives_in: null })[0]).toBeNull();
    const ending = fact({ relation: 'lives_in', entity_name: 'Berlin', valid_to: '2026-06-01T00:00:00Z' });
    const [berlin] = renderProfile({ ...parts, facts: foldFactGroups([ending]) }).facts.about;
    expect(berlin?.stale_after).toBe('2026-06-01T00:00:00.000Z');
  });

  it('moves what has ended by now to what was', () => {
    const berlin = foldFactGroups([
      fact({ relation: 'lives_in', entity_name: 'Berlin', valid_to: '2026-06-01T00:00:00Z' }),
    ]);
    const before = renderProfile({ ...parts, facts: berlin, nowMs: at('2026-05-01') });
    const after = renderProfile({ ...parts, facts: berlin, nowMs: at('2026-07-01') });
    expect([before.facts.about.length, before.facts.earlier.length]).toEqual([1, 0]);
    expect([after.facts.about.length, after.facts.earlier.length]).toEqual([0, 1]);
    expect(after.facts.earlier[0]?.sentence).toBe('Used to live in Berlin (until June 2026)');
  });
});
