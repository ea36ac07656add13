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
    ['response_length', 'not long', 'short'],
    ['response_length', 'please not too detailed', 'short'],
    ['response_length', 'too long', 'short'],
    ['response_length', 'no longer than two sentences', 'short'],
    ['response_length', 'no more than one paragraph', 'short'],
    ['response_length', 'detailed, not short', 'long'],
    ['response_length', 'short, not detailed', 'short'],
    ['formality_level', 'not formal', 'casual'],
    ['formality_level', 'less formal', 'casual'],
    ['formality_level', 'don’t be so formal', 'casual'],
    ['formality_level', 'formal, not casual', 'formal'],
    ['use_emojis', "doesn't like them", 'no'],
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
    ['response_length', 'not short'],
    ['response_length', 'too short'],
    ['formality_level', 'x'],
    ['formality_level', 'not casual'],
    ['formality_level', 'less informal'],
    ['use_emojis', 'not too many'],
    ['use_emojis', "doesn't mind them"],
    ['use_emojis', 'never avoid them'],
    ['communication_style', 'see www.example.org'],
    ['communication_style', 'as on example.org'],
    ['communication_style', '**direct** and short'],
    ['communication_style', '[direct](x) and short'],
    ['topics_to_avoid', `politics, \`war\` and ${'all that '.repeat(6)}`],
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
