import { describe, expect, it } from 'vitest';
import { compressionRatio, groundedShare, topicDiversity } from '../../src/extract/summary-quality.ts';
import { summaryStage } from '../../src/extract/stages/summary.ts';
import { transcriptOf } from '../support/extraction.ts';

const moving = transcriptOf(
  ['user', 'We are moving to Lisbon in May, and the paperwork scares me'],
  ['assistant', 'Three months is enough time. Do you speak Portuguese?'],
  ['user', 'A little. My sister Ana taught me. Is a visa hard to get?'],
  ['assistant', 'With a work contract it is easy.'],
  ['user', 'Good. I start at the hospital on 3 June'],
);

describe('groundedShare', () => {
  it('is whole for words that were said, and nothing for those that nobody said', () => {
    expect(groundedShare('The user is moving to Lisbon in May.', moving)).toBe(1);
    expect(groundedShare('A dragon burned castles.', moving)).toBe(0);
    expect(groundedShare('The user talked with the bot.', moving)).toBe(0);
    expect(groundedShare('', moving)).toBe(0);
  });

  it('holds a name or a number that nobody said against a summary more than a word of its own', () => {
    const faithful = groundedShare('The user dreads the paperwork for moving to Lisbon.', moving);
    expect(groundedShare('The user fears the paperwork for moving to Madrid.', moving)).toBeLessThan(
      faithful,
    );
    expect(groundedShare('The user starts at the hospital on 9 June.', moving)).toBeLessThan(
      groundedShare('The user starts at the clinic on 3 June.', moving),
    );
  });

  it('reads languages that put no spaces between words', () => {
    const tokyo = transcriptOf(['user', '私は東京に住んでいます'], ['user', '猫を飼っています']);
    expect(groundedShare('東京に住んでいます。', tokyo)).toBeGreaterThan(0.8);
    expect(groundedShare('大阪で犬と暮らす。', tokyo)).toBeLessThan(0.3);
  });
});

describe('confidence', () => {
  const cited = { emotional_tone: 'mixed' as const, certainty: 0.9, cited_lines: [1, 3, 5] };
  const key_topics = ['moving to Lisbon', 'visa'];
  const grounded = [
    'The user is moving to Lisbon in May and is scared of the paperwork. Their sister Ana taught them Portuguese.',
    'The user plans a move to Lisbon, starts at the hospital on 3 June, and asked about the visa.',
    'The user worries about paperwork for Lisbon. The bot said that a visa is easy with a work contract.',
  ];
  const ungrounded = [
    'The user is moving to Berlin in March and is scared of flying. Their brother Tom taught them German.',
    'The user plans a wedding, starts at a law firm on 12 August, and asked about the visa.',
    'The user worries about a divorce. The bot said that a lawyer in Lisbon charges 400 euros.',
  ];
  const confidence = (summary_text: string): number =>
    summaryStage.check({ ...cited, summary_text, key_topics }, moving).result.confidence_score;

  it('ranks every grounded summary above every planted one, however certain their author is', () => {
    const lowest = Math.min(...grounded.map(confidence));
    for (const text of ungrounded) expect(confidence(text)).toBeLessThan(lowest);
  });
});

describe('topicDiversity', () => {
  it('falls with the words that topics share', () => {
    expect(topicDiversity(['visa', 'moving to Lisbon', 'hospital'])).toBe(1);
    expect(topicDiversity(['moving house', 'the house moving'])).toBe(0);
    expect(topicDiversity(['Lisbon trip', 'Lisbon food'])).toBeCloseTo(2 / 3, 4);
    expect(topicDiversity(['visa'])).toBe(0);
  });
});

describe('compressionRatio', () => {
  it('counts characters that still stand', () => {
    const said = transcriptOf(['user', '0123456789'], ['user', 'gone', { deleted: true }]);
    expect(compressionRatio('01234', said)).toBe(0.5);
  });
});
