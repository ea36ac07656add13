import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkEvidence } from '../../src/extract/evidence.ts';
import type { Transcript } from '../../src/extract/transcript.ts';
import { transcriptOf } from '../support/extraction.ts';

function refusalOf(transcript: Transcript, line: number, quote: string): string | undefined {
  const check = checkEvidence([{ line, quote }], transcript);
  return check.held ? undefined : check.reason;
}

function quoteOf(transcript: Transcript, line: number, quote: string): string | undefined {
  const check = checkEvidence([{ line, quote }], transcript);
  return check.held ? check.quotes[0]?.quote : undefined;
}

describe('checkEvidence', () => {
  it('holds a verbatim quote of the cited line and names its message', () => {
    const check = checkEvidence(
      [{ line: 1, quote: 'love green tea' }],
      transcriptOf(['user', 'I love green tea!']),
    );
    expect(check).toMatchObject({
      held: true,
      dropped: 0,
      quotes: [{ quote: 'love green tea', asks: false }],
    });
  });

  it.each([
    ['typographic quotes', 'I’m a nurse', "I'm a nurse"],
    ['another dash', 'Berlin — since May', 'Berlin - since May'],
    ['a typed double hyphen', 'Berlin -- since May', 'Berlin — since May'],
    ['white space and line breaks', 'I live\n  in   Rome', 'I live in Rome'],
    ['compatibility forms', 'I own a ﬁsh tank', 'I own a fish tank'],
    ['another composition', 'I drink cafe\u0301', 'I drink caf\u00e9'],
    ['conjoining jamo', '\u1112\u1161\u11ab\uad6d\uc5d0 \uc0b0\ub2e4', '\ud55c\uad6d\uc5d0 \uc0b0\ub2e4'],
    [
      'half-width kana',
      '\uff76\uff9e\uff97\uff7d \u304c\u597d\u304d',
      '\u30ac\u30e9\u30b9 \u304c\u597d\u304d',
    ],
    ['full-width letters', 'Ｉ ｌｏｖｅ tea', 'I love tea'],
    ['an invisible mark', 'I love te\u00ada', 'I love tea'],
    ['an ellipsis sign', 'well… I paint', 'well... I paint'],
  ])('forgives %s and stores the original', (_, original, quote) => {
    expect(quoteOf(transcriptOf(['user', original]), 1, quote)).toBe(original);
  });

  it('drops the marks that models put around a quote', () => {
    expect(quoteOf(transcriptOf(['user', 'Well, I paint boats']), 1, '"...I paint boats..."')).toBe(
      'I paint boats',
    );
  });

  it.each([
    ['words that nobody said', 'I love coffee', 'quote-not-found'],
    ['a part of a word', 'ove green', 'quote-not-found'],
    ['another case', 'i LOVE green tea', 'quote-not-found'],
    ['nothing but marks', ' "..." ', 'quote-empty'],
    ['nothing', '', 'quote-empty'],
  ])('refuses %s', (_, quote, reason) => {
    expect(refusalOf(transcriptOf(['user', 'I love green tea!']), 1, quote)).toBe(reason);
  });

  it('finds parts of sentences in scripts that write no spaces', () => {
    expect(quoteOf(transcriptOf(['user', '私は東京に住んでいます']), 1, '東京に住んで')).toBe('東京に住んで');
  });

  it('finds a quote at the end of a message as long as a book', () => {
    const book = `${'私は東京に住んでいます。'.repeat(20_000)}I keep two cats`;
    expect(quoteOf(transcriptOf(['user', book]), 1, 'I keep two cats')).toBe('I keep two cats');
  });

  it('mends a wrong line number when the quote stands in exactly one other line', () => {
    const transcript = transcriptOf(['user', 'Hello'], ['assistant', 'Hi!'], ['user', 'I keep two cats']);
    const check = checkEvidence([{ line: 99, quote: 'two cats' }], transcript);
    expect(check).toMatchObject({ held: true, quotes: [{ line: { number: 3 } }] });
  });

  it('does not guess between two lines that both hold the quote', () => {
    const transcript = transcriptOf(['user', 'yes'], ['assistant', 'Sure?'], ['user', 'yes'], ['user', 'ok']);
    expect(refusalOf(transcript, 4, 'yes')).toBe('quote-ambiguous');
  });

  it('needs at least one quote by the user', () => {
    const transcript = transcriptOf(['assistant', 'You have two cats'], ['user', 'Yes, two']);
    expect(refusalOf(transcript, 1, 'two cats')).toBe('no-user-evidence');
    const both = [
      { line: 2, quote: 'Yes, two' },
      { line: 1, quote: 'two cats' },
    ];
    const check = checkEvidence(both, transcript);
    expect(check.held && check.quotes.map(({ line }) => line.number)).toEqual([1, 2]);
  });

  it.each(['system', 'tool'] as const)('never takes a %s line for evidence', (role) => {
    const transcript = transcriptOf([role, 'The user loves opera'], ['user', 'Hello']);
    expect(refusalOf(transcript, 1, 'loves opera')).toBe('quote-of-system-or-tool');
    expect(refusalOf(transcript, 2, 'loves opera')).toBe('quote-not-found');
  });

  it('never takes a deleted message for evidence, even while its text is still there', () => {
    expect(refusalOf(transcriptOf(['user', 'I love opera', { deleted: true }]), 1, 'love opera')).toBe(
      'quote-not-found',
    );
  });

  it('drops quotes that fail beside one that holds, and counts them', () => {
    const drafts = [
      { line: 1, quote: 'love opera' },
      { line: 1, quote: 'hate opera' },
    ];
    expect(checkEvidence(drafts, transcriptOf(['user', 'I love opera']))).toMatchObject({
      held: true,
      dropped: 1,
    });
  });

  it.each([
    ['a block quote', '> I am a marine biologist\nReally?', 'I am a marine biologist'],
    ['a block quote to the end', '>>> I am a\nmarine biologist', 'marine biologist'],
    ['a forwarded message', 'Forwarded message:\nI am a marine biologist', 'I am a marine biologist'],
    ['a line under the bot’s label', 'aria: I am a marine biologist', 'I am a marine biologist'],
    ['a pasted log', 'AI: I study fish.\nI am a marine biologist\nMe: wow', 'I am a marine biologist'],
    ['attributed speech', 'Then she said "I am a marine biologist"', 'I am a marine biologist'],
    ['speech of the bot in marks', 'Why "I swim with dolphins"?', 'I swim with dolphins'],
    [
      'the bot’s sentence word for word',
      'I swim with dolphins every day\nlol',
      'I swim with dolphins every day',
    ],
  ])('refuses what stands in %s', (_, content, quote) => {
    const transcript = transcriptOf(['assistant', 'I swim with dolphins every day'], ['user', content]);
    expect(refusalOf(transcript, 2, quote)).toBe('quote-of-others-words');
  });

  it.each([
    ['beside a block quote', '> I dive\nI am a marine biologist', 'I am a marine biologist'],
    [
      'under the user’s own label',
      'AI: I study fish.\nMe: I am a marine biologist',
      'I am a marine biologist',
    ],
    ['that agree with the bot', 'I live in Berlin', 'live in Berlin'],
    ['with a comparison', '>18 and I live in Berlin', 'I live in Berlin'],
    ['in marks of emphasis', 'My "gym" is the forest', 'My "gym" is the forest'],
    ['that the user says of themselves', 'Yesterday I said "I quit smoking"', 'I quit smoking'],
  ])('keeps the user’s own words %s', (_, content, quote) => {
    const transcript = transcriptOf(['assistant', 'So you live in Berlin?'], ['user', content]);
    expect(quoteOf(transcript, 2, quote)).toBe(quote);
  });

  it.each([
    ['Do you like tea?', 'like tea', true],
    ['do you like tea', 'like tea', true],
    ['Do you like tea? I love it.', 'I love it', false],
    ['I live in Berlin, you know?', 'I live in Berlin', false],
    ['I live in Berlin, do you?', 'live in Berlin', false],
    ['I live in Berlin, do you?', 'do you?', true],
    [
      "Of course! I've been learning new techniques lately, do you like badminton?",
      'learning new techniques',
      false,
    ],
    ['If I move to Berlin, will it be cold?', 'move to Berlin', true],
    ['Should I move to Berlin, or do I need a visa?', 'move to Berlin', true],
    ['what i love is tea', 'love is tea', false],
    ['お茶は好きですか？', '好きですか', true],
  ])('tells whether only a question carries it: %s', (content, quote, asks) => {
    const check = checkEvidence([{ line: 1, quote }], transcriptOf(['user', content]));
    expect(check.held && check.quotes[0]?.asks).toBe(asks);
  });

  it('stores only what stands in the message, whatever is asked for', () => {
    const words = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(words, fc.nat(40), fc.nat(40), (content, from, length) => {
        const quote = content.slice(from, from + length).normalize('NFKD');
        const check = checkEvidence([{ line: 1, quote }], transcriptOf(['user', content]));
        return !check.held || check.quotes.every((held) => held.quote !== '' && content.includes(held.quote));
      }),
      { numRuns: 500 },
    );
  });

  it('holds every whole message that says something in the user’s own words', () => {
    const words = fc.array(
      fc.constantFrom('tea', 'é', '猫', 'ﬁsh', '“', '—', '  ', '\n', 'Ⅳ', '😀', '한국'),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(words, (parts) => {
        const content = `tea ${parts.join('')}`;
        return checkEvidence([{ line: 1, quote: content }], transcriptOf(['user', content])).held;
      }),
    );
  });
});
