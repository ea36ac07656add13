import { describe, expect, it } from 'vitest';
import { preferenceKeys, type PreferenceKey } from '../../../src/model/results.ts';
import { normalizePreferenceValue } from '../../../src/extract/validators/preference-value.ts';

describe('normalizePreferenceValue', () => {
  it.each<[PreferenceKey, string, string]>([
    ['timezone', 'Europe/Lisbon', 'Europe/Lisbon'],
    ['timezone', 'america/new york', 'America/New_York'],
    ['timezone', 'utc', 'UTC'],
    ['timezone', 'UTC+2', 'Etc/GMT-2'],
    ['timezone', 'GMT-05:00', 'Etc/GMT+5'],
    ['language', 'pt_br', 'pt-BR'],
    ['language', 'Spanish', 'es'],
    ['language', 'español', 'es'],
    ['language', 'german language', 'de'],
    ['language', 'zh-Hant', 'zh-Hant'],
    ['use_emojis', 'Yes please', 'yes'],
    ['use_emojis', 'please don’t use them', 'no'],
    ['use_emojis', 'false', 'no'],
    ['response_length', 'a few sentences', 'short'],
    ['response_length', 'as detailed as possible', 'long'],
    ['formality_level', 'informal', 'casual'],
    ['formality_level', 'Professional', 'formal'],
    ['pronouns', 'They', 'they/them'],
    ['pronouns', 'She / Her', 'she/her'],
    ['pronouns', 'xe/xem pronouns', 'xe/xem'],
    ['preferred_name', '"Sam"', 'Sam'],
    ['location', 'Lisbon, Portugal', 'Lisbon, Portugal'],
    ['topics_to_avoid', 'politics.', 'politics'],
    ['communication_style', 'direct,  no small talk', 'direct, no small talk'],
  ])('%s: %s is %s', (key, value, normal) => {
    expect(normalizePreferenceValue(key, value)).toBe(normal);
    expect(normalizePreferenceValue(key, normal)).toBe(normal);
  });

  it.each<[PreferenceKey, string]>([
    ['timezone', 'EST'],
    ['timezone', 'Mars/Base'],
    ['timezone', 'morning'],
    ['timezone', 'UTC+30'],
    ['language', 'qq'],
    ['language', 'gibberish'],
    ['use_emojis', 'purple'],
    ['response_length', 'blue'],
    ['formality_level', 'x'],
    ['pronouns', 'someone who talks'],
    ['preferred_name', 'you'],
    ['preferred_name', '@sam'],
    ['topics_to_avoid', 'it'],
    ['communication_style', '...'],
  ])('%s: %s means nothing', (key, value) => {
    expect(normalizePreferenceValue(key, value)).toBeUndefined();
  });

  it.each(preferenceKeys)('%s: no markup, link, control character or empty text', (key) => {
    for (const value of ['', '  ', '<script>x', 'see https://example.org', 'a\u0000b']) {
      expect(normalizePreferenceValue(key, value)).toBeUndefined();
    }
  });
});
