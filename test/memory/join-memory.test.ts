import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldFactGroups } from '../../src/memory/fold-facts.ts';
import { joinMemory } from '../../src/memory/join-memory.ts';
import { renderProfile } from '../../src/memory/render-profile.ts';
import { renderProfileText } from '../../src/memory/render-profile-text.ts';
import type { FactObservation } from '../../src/model/observation.ts';
import { facts as anyFacts } from './arbitrary-observations.ts';
import { at, dayMs, fact, preference } from './observations.ts';

const porto = { relation: 'lives_in', entity_name: 'Porto', entity_type: 'place' } as const;
const berlin = { relation: 'lives_in', entity_name: 'Berlin', entity_type: 'place' } as const;
const cat = { relation: 'owns', entity_name: 'cat', entity_type: 'pet' } as const;

const toldAria = [
  fact(porto, { botId: 'aria', windowId: 'a1' }),
  fact(cat, { botId: 'aria', windowId: 'a2' }),
];
const toldBob = [
  fact(cat, { botId: 'bob', windowId: 'b1', on: '2026-02-01' }),
  fact(berlin, { botId: 'bob', windowId: 'b2', on: '2026-03-01' }),
];
const join = (facts: readonly FactObservation[]) => joinMemory('aria', { facts, preferences: [] });

describe('memory shared between bots', () => {
  it('is one memory: what several heard is one fact with their evidence, the newest statement wins', () => {
    const { facts, learntBy } = join([...toldAria, ...toldBob]);
    const current = facts.filter(({ status }) => status === 'current');
    expect(current.map(({ entityName }) => entityName).sort()).toEqual(['Berlin', 'cat']);
    const shared = current.find(({ entityName }) => entityName === 'cat');
    expect(shared).toMatchObject({ botId: 'aria', windowCount: 2, windowIds: ['b1', 'a2'] });
    expect(learntBy.get(shared?.factId ?? '')).toEqual(['aria', 'bob']);
    expect(facts.find(({ entityName }) => entityName === 'Porto')).toMatchObject({ status: 'superseded' });
  });

  it('loses with one bot exactly what only that bot supported', () => {
    expect(join(toldAria).facts).toEqual(foldFactGroups(toldAria));
    fc.assert(
      fc.property(anyFacts, fc.func(fc.boolean()), (observations, isBobs) => {
        const told = observations.map((source) => ({
          ...source,
          botId: isBobs(source.observationId) ? 'bob' : 'aria',
        }));
        const own = told.filter(({ botId }) => botId === 'aria');
        expect(join(own).facts).toEqual(foldFactGroups(own));
        // Whoever heard them, together they are what one bot that heard all of it would know.
        expect(join(told).facts).toEqual(
          foldFactGroups(told.map((source) => ({ ...source, botId: 'aria' }))),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('names every bot that heard a fact, however many windows of others came after its own', () => {
    const windows = Array.from({ length: 51 }, (_, index) => `a${index}`);
    const { facts, learntBy } = join([
      fact(cat, { botId: 'bob', windowId: 'b1', on: '2026-01-01' }),
      ...windows.map((windowId, index) =>
        fact(cat, {
          botId: 'aria',
          windowId,
          occurredAtMs: at('2026-02-01') + index * dayMs,
          observationId: windowId,
        }),
      ),
    ]);
    expect(facts).toMatchObject([{ entityName: 'cat', windowCount: 52 }]);
    expect(facts[0]?.windowIds).not.toContain('b1');
    expect(learntBy.get(facts[0]?.factId ?? '')).toEqual(['aria', 'bob']);
  });

  it('names of a fact that came back only the bots that heard it each time', () => {
    const { facts, learntBy } = join([
      fact(porto, { botId: 'bob', windowId: 'b1', on: '2026-01-01' }),
      fact(berlin, { botId: 'aria', windowId: 'a1', on: '2026-02-01' }),
      fact(porto, { botId: 'aria', windowId: 'a2', on: '2026-03-01' }),
    ]);
    const named = facts.map(({ factId, entityName, status }) => [entityName, status, learntBy.get(factId)]);
    expect(named).toEqual(
      expect.arrayContaining([
        ['Porto', 'superseded', ['bob']],
        ['Berlin', 'superseded', ['aria']],
        ['Porto', 'current', ['aria']],
      ]),
    );
  });

  it('takes over who the person is, and leaves how to talk to each bot', () => {
    const { preferences } = joinMemory('aria', {
      facts: [],
      preferences: [
        preference({ key: 'preferred_name', value: 'Annie' }, { botId: 'bob' }),
        preference({ key: 'response_length', value: 'short' }, { botId: 'bob' }),
        preference({ key: 'response_length', value: 'long' }, { botId: 'aria' }),
      ],
    });
    expect(preferences.map(({ key, value }) => `${key} ${value}`).sort()).toEqual([
      'preferred_name Annie',
      'response_length long',
    ]);
  });

  it('names the bots in the profile, and in its text where this one knows it from others only', () => {
    const joined = join([...toldAria, ...toldBob]);
    const profile = renderProfile({ botId: 'aria', userId: 'ann', summaries: [], ...joined });
    expect(profile.facts.about).toMatchObject([{ entity_name: 'Berlin', learnt_by: ['bob'] }]);
    const text = renderProfileText(profile);
    expect(text).toContain('- Lives in Berlin (told to bob)');
    expect(text).toMatch(/^- (?:Owns|Has) a cat$/m);
  });
});
