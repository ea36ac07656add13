import { describe, expect, it } from 'vitest';
import type { SummaryDraft } from '../../../src/extract/stages/drafts.ts';
import { summaryStage } from '../../../src/extract/stages/summary.ts';
import { transcriptOf } from '../../support/extraction.ts';

const transcript = transcriptOf(
  ['user', 'We are moving to Lisbon in May'],
  ['assistant', 'How exciting!'],
  ['user', 'A bit scared of the paperwork'],
  ['system', 'Lisbon weather: 20 degrees'],
  ['user', 'and the cat hates boxes', { deleted: true }],
);

function summary(changes: Partial<SummaryDraft> = {}): SummaryDraft {
  return {
    summary_text: 'The user is moving to Lisbon in May and worries about paperwork.',
    key_topics: ['moving to Lisbon', 'paperwork'],
    emotional_tone: 'mixed',
    certainty: 0.9,
    cited_lines: [1, 3],
    ...changes,
  };
}

const check = (changes: Partial<SummaryDraft> = {}) =>
  summaryStage.check(summary(changes), transcript).result;

describe('summaryStage', () => {
  it('computes the compression itself, from text that still stands', () => {
    const said =
      'We are moving to Lisbon in MayHow exciting!A bit scared of the paperworkLisbon weather: 20 degrees';
    expect(check().compression_ratio).toBeCloseTo(64 / said.length, 3);
  });

  it('is as confident as it is certain and grounded, however long the conversation', () => {
    const said = 'The user is moving to Lisbon in May, scared of the paperwork.';
    expect(check({ summary_text: said }).confidence_score).toBe(0.9);
    expect(check({ summary_text: said, cited_lines: [1, 2] }).confidence_score).toBe(0.45);
    expect(check({ summary_text: said, cited_lines: [1, 1, 99, 5, 3] }).confidence_score).toBe(0.45);
    expect(check({ summary_text: said, cited_lines: [] }).confidence_score).toBe(0);
    expect(check({ summary_text: said, certainty: 4 }).confidence_score).toBe(1);
    // "worries" is a word of its own.
    expect(check().confidence_score).toBe(0.8);
  });

  it('keeps how much of it is grounded and how much its topics differ', () => {
    expect(check()).toMatchObject({ grounded_share: 0.8889, topic_diversity: 1 });
    expect(check({ key_topics: ['moving to Lisbon', 'Lisbon'] }).topic_diversity).toBe(0.5);
  });

  it.each([
    'You are moving to Lisbon.',
    'The bot told the user that your papers matter.',
    "The user moves; you'll help.",
    'I am moving to Lisbon.',
    'The user said my cat hates boxes.',
    '',
    '   ',
  ])('refuses a summary that speaks to or as somebody, or says nothing: %s', (summary_text) => {
    expect(() => check({ summary_text })).toThrow(
      expect.objectContaining({ code: 'MODEL_OUTPUT_INVALID' }) as Error,
    );
  });

  it.each([
    'The user likes the song "Can you hear me" and Lisbon.',
    'The young user studied World War I in Lisbon.',
    'The user will see YouTube, and the Yukon.',
  ])('takes a summary in the third person: %s', (summary_text) => {
    expect(check({ summary_text }).summary_text).toBe(summary_text);
  });

  it('keeps two to five topics, without repeats and without those that say nothing', () => {
    const key_topics = 'Lisbon|General conversation|May|lisbon| |moving|paperwork|weather|20 degrees'.split(
      '|',
    );
    const { result, rejected } = summaryStage.check(summary({ key_topics }), transcript);
    expect(result.key_topics).toEqual(['Lisbon', 'May', 'moving', 'paperwork', 'weather']);
    expect(rejected).toEqual({ 'topic-empty': 2, duplicate: 1, 'topic-over-limit': 1 });
    expect(() => check({ key_topics: ['chat', 'Lisbon'] })).toThrow('key_topics');
  });

  it('takes only topics that were said, or that its own grounded words name', () => {
    const { result, rejected } = summaryStage.check(
      summary({ key_topics: ['moving to Lisbon', 'worries', 'stock market crash', 'paperwork'] }),
      transcript,
    );
    expect(result.key_topics).toEqual(['moving to Lisbon', 'worries', 'paperwork']);
    expect(rejected).toEqual({ 'topic-ungrounded': 1 });
    // A summary that speaks of something else vouches for nothing.
    expect(() =>
      check({ summary_text: 'Stocks fell on Friday.', key_topics: ['stocks', 'bonds', 'paperwork'] }),
    ).toThrow('key_topics');
  });

  const generic = transcriptOf(
    ['user', 'I want to start again. Any advice, or other help? Tips and suggestions are welcome.'],
    ['assistant', 'What art do you like?'],
    ['user', 'Cooking, I take classes. My life is AI and rain'],
  );
  const refusalOf = (topic: string) => {
    const key_topics = ['cooking', 'classes', topic];
    const { result, rejected } = summaryStage.check(summary({ key_topics }), generic);
    return result.key_topics.includes(topic) ? 'taken' : Object.keys(rejected).join();
  };

  it.each<[string, string]>([
    ['advice', 'topic-empty'],
    ['Help', 'topic-empty'],
    ['suggestions', 'topic-empty'],
    ['recommendations', 'topic-empty'],
    ['tips', 'topic-empty'],
    ['general advice', 'topic-empty'],
    ['conversation', 'topic-empty'],
    ['life', 'topic-empty'],
    ['daily life', 'topic-empty'],
    ['personal experiences', 'topic-empty'],
    ['small talk', 'topic-empty'],
    ['none', 'topic-empty'],
    ['ain', 'topic-ungrounded'],
    ['ar', 'topic-ungrounded'],
    ['rt', 'topic-ungrounded'],
    ['AI', 'taken'],
    ['art', 'taken'],
    ['asking for advice', 'taken'],
    ['greeting', 'taken'],
    ['starting again', 'taken'],
  ])('holds a generic topic to what it says: %s is %s', (topic, verdict) => {
    expect(refusalOf(topic)).toBe(verdict);
  });

  it('finds a short topic as a word, not inside another', () => {
    const start = transcriptOf(['user', 'I start painting at the cafe'], ['user', 'Painting relaxes me']);
    const { rejected } = summaryStage.check(summary({ key_topics: ['painting', 'cafe', 'art'] }), start);
    expect(rejected).toEqual({ 'topic-ungrounded': 1 });
  });

  it('grounds text in scripts without spaces', () => {
    const japanese = transcriptOf(['user', '私は東京に住んでいます'], ['user', 'はい']);
    const draft = summary({
      summary_text: 'ユーザーは東京に住んでいる。',
      key_topics: ['東京', '住まい'],
      cited_lines: [1, 2],
    });
    const { result } = summaryStage.check(draft, japanese);
    expect(result.grounded_share).toBeGreaterThan(0.5);
    // The second line carries nothing.
    expect(result.confidence_score).toBeCloseTo(0.45 * (result.grounded_share ?? 0), 2);
  });
});
