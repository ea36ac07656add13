import { describe, expect, it } from 'vitest';
import type { PreferenceDraft } from '../../../src/extract/stages/drafts.ts';
import { preferencesStage } from '../../../src/extract/stages/preferences.ts';
import { transcriptOf } from '../../support/extraction.ts';

const transcript = transcriptOf(
  ['user', 'Could you keep it short? Call me Sam.'],
  ['assistant', 'Sure, Sam!'],
  ['user', 'Short is best.'],
);

function preference(changes: Partial<PreferenceDraft> = {}): PreferenceDraft {
  return {
    key: 'response_length',
    value: 'short',
    explicit: true,
    confidence: 0.95,
    reasoning: 'Asked for it.',
    evidence: [{ line: 1, quote: 'keep it short' }],
    ...changes,
  };
}

function check(...preferences: PreferenceDraft[]) {
  const checked = preferencesStage.check({ preferences }, transcript);
  expect(() => preferencesStage.resultSchema.parse(checked.result)).not.toThrow();
  return { preferences: checked.result.preferences, rejected: checked.rejected };
}

describe('preferencesStage', () => {
  it('takes a request for a preference even when it is asked as a question', () => {
    expect(check(preference()).preferences).toEqual([
      {
        key: 'response_length',
        value: 'short',
        explicit: true,
        confidence: 0.95,
        reasoning: 'Asked for it.',
        evidence: [{ message_id: 'm1', quote: 'keep it short' }],
      },
    ]);
  });

  it('brings values into one form and counts those that mean nothing', () => {
    const { preferences, rejected } = check(
      preference({ value: 'Brief answers' }),
      preference({ key: 'language', value: 'Spanish' }),
      preference({ key: 'timezone', value: 'Mars/Base' }),
      preference({ key: 'use_emojis', value: 'purple' }),
    );
    expect(preferences.map(({ value }) => value)).toEqual(['short', 'es']);
    expect(rejected).toEqual({ 'value-of-timezone': 1, 'value-of-use_emojis': 1 });
  });

  it('is never as sure of what is implied as of what was asked for', () => {
    expect(check(preference({ explicit: false, confidence: 1 })).preferences[0]?.confidence).toBe(0.8);
  });

  it('merges the same preference; asked for once in words is explicit', () => {
    const again = preference({ explicit: false, evidence: [{ line: 3, quote: 'Short is best' }] });
    const { preferences, rejected } = check(again, preference({ confidence: 0.9 }));
    expect(preferences).toHaveLength(1);
    expect(preferences[0]).toMatchObject({
      explicit: true,
      evidence: [{ message_id: 'm1' }, { message_id: 'm3' }],
    });
    expect(rejected).toEqual({ duplicate: 1 });
  });

  it('keeps different topics of one key apart', () => {
    const topics = ['space travel', 'old films'].map((value) =>
      preference({ key: 'topic_preferences', value }),
    );
    expect(check(...topics).preferences.map(({ value }) => value)).toEqual(['space travel', 'old films']);
  });

  it('does not take the bot’s word for what the user wants', () => {
    const claim = preference({ key: 'preferred_name', value: 'Sam', evidence: [{ line: 2, quote: 'Sam' }] });
    expect(check(claim).rejected).toEqual({ 'no-user-evidence': 1 });
  });

  it('takes the bot’s name for the user’s only from words that introduce them by it', () => {
    const nameOf = (words: string) => {
      const said = transcriptOf(['user', words], ['assistant', 'Sure.'], ['user', 'Thanks']);
      const claim = preference({
        key: 'preferred_name',
        value: 'Aria',
        evidence: [{ line: 1, quote: 'Aria' }],
      });
      const { result, rejected } = preferencesStage.check({ preferences: [claim] }, said);
      return result.preferences[0]?.value ?? rejected;
    };
    expect(nameOf('Hi Aria! How are you?')).toEqual({ 'entity-is-bot': 1 });
    expect(nameOf('Aria, keep it short')).toEqual({ 'entity-is-bot': 1 });
    expect(nameOf('Funny, you can call me Aria too')).toBe('Aria');
  });

  it('counts each quote that fell beside one that held, by its reason', () => {
    const claim = preference({
      evidence: [
        { line: 1, quote: 'keep it short' },
        { line: 1, quote: 'never said' },
        { line: 3, quote: '…' },
      ],
    });
    expect(check(claim)).toMatchObject({
      preferences: [{ value: 'short' }],
      rejected: { 'dropped-quote-not-found': 1, 'dropped-quote-empty': 1 },
    });
  });
});
