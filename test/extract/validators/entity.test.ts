import { describe, expect, it } from 'vitest';
import { cleanEntity, refuseEntity } from '../../../src/extract/validators/entity.ts';

const refuse = (name: string) => refuseEntity(cleanEntity(name));

describe('refuseEntity', () => {
  it.each([
    ['me', 'entity-pronoun'],
    ['Everything', 'entity-pronoun'],
    ['user', 'entity-stop-word'],
    ['the user', 'entity-stop-word'],
    ['AI', 'entity-stop-word'],
    ['a thing', 'entity-stop-word'],
    ["door we've ever", 'entity-fragment'],
    ['when you get', 'entity-fragment'],
    ['my confidence has', 'entity-dangling'],
    ['dean radin at', 'entity-dangling'],
    ['ai might be', 'entity-dangling'],
    ['dinner with her', 'entity-dangling'],
    ['because of work', 'entity-fragment'],
    ['https://example.org', 'entity-url'],
    ['www.example.org', 'entity-url'],
    ['example.org/page', 'entity-url'],
    ['sam@example.org', 'entity-url'],
    ['t.me', 'entity-url'],
    ['example.org', 'entity-url'],
    ['my blog example.co.uk', 'entity-url'],
    ['bit.ly', 'entity-url'],
    ['@sam', 'entity-mention'],
    ['<@1234>', 'entity-mention'],
    ['#cats', 'entity-mention'],
    ['**tea**', 'entity-markup'],
    ['<b>tea', 'entity-markup'],
    ['`code`', 'entity-markup'],
    ['Luna (pet)', 'entity-brackets'],
    ['["tea"]', 'entity-brackets'],
    ['x', 'entity-length'],
    ['', 'entity-length'],
    ['a'.repeat(61), 'entity-length'],
    ['--', 'entity-without-letters'],
    ['😀😀', 'entity-without-letters'],
  ])('refuses %s', (name, reason) => {
    expect(refuse(name)).toBe(reason);
  });

  it.each([
    'Luna',
    'green tea',
    'software engineer',
    'Lisbon',
    'C++',
    'C#',
    'Node.js',
    'next.js',
    'ASP.NET',
    'Booking.com',
    'G.E.M',
    'e.g. tea',
    'v2.0',
    'rock & roll',
    '猫',
    '東京',
    'São Paulo',
    "Levi's",
    'Bosnia and Herzegovina',
    'The Who',
    'When Harry Met Sally',
    'What We Do in the Shadows',
    'User Research Institute',
    'AC/DC',
    '90s music',
    'working from home',
    'St. John',
    'Jean-Luc',
    'running a marathon',
    'family',
    'кот',
    'AI research',
    'fear of heights',
    'long walks at night',
  ])('keeps %s', (name) => {
    expect(refuse(name)).toBeUndefined();
  });

  it('cleans what surrounds a name and nothing within', () => {
    expect(cleanEntity('  “my cat  Luna”, ')).toBe('cat Luna');
    expect(cleanEntity('New York.')).toBe('New York');
    expect(cleanEntity('Myra')).toBe('Myra');
    expect(cleanEntity('U.S.')).toBe('U.S.');
  });
});
