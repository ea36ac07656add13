import { describe, expect, it } from 'vitest';
import { readLabelledFile } from '../../src/evaluate/read-labelled-file.ts';
import { compileSchema } from '../schemas/compile-schemas.ts';

const said = 'SECRET words of a person';
const message = (id: string | number, role: string, sentAt: string | number): object => ({
  id,
  bot_id: 'aria',
  user_id: 7,
  role,
  content: said,
  sent_at: sentAt,
});
const valid = {
  id: 'c1',
  messages: [message('m2', 'bot', '2026-01-05T09:01:00Z'), message(1, 'user', '2026-01-05T09:00:00Z')],
  expected: {
    facts: [{ relation: 'likes', entity: ['tea'], evidence: [1] }],
    preferences: [{ key: 'response_length', value: ['short'], evidence: ['1', 'm2'] }],
  },
};
const withFact = (changes: object): object => ({
  ...valid,
  expected: { facts: [{ relation: 'likes', entity: ['tea'], evidence: [1], ...changes }] },
});

function faultsOf(...lines: unknown[]): string {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  try {
    readLabelledFile(text);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

it('reads conversations as extraction reads windows, with labels in one form', () => {
  const [conversation] = readLabelledFile(`\n${JSON.stringify(valid)}\n\n`);
  expect(
    conversation?.transcript.lines.map(({ number, message: { messageId, role } }) => [
      number,
      messageId,
      role,
    ]),
  ).toEqual([
    [1, '1', 'user'],
    [2, 'm2', 'assistant'],
  ]);
  expect(conversation?.transcript).toMatchObject({ botId: 'aria', userId: '7' });
  expect(conversation?.facts).toEqual([
    {
      relations: ['likes'],
      entity: ['tea'],
      polarities: ['positive'],
      modalities: ['stated', 'implied'],
      evidence: ['1'],
      optional: false,
    },
  ]);
  expect(conversation).toMatchObject({ exhaustive: false, half: undefined, tags: [], tone: undefined });
});

describe('a labelled file is refused with the line and the fault, and without what was said', () => {
  it.each<[fault: string, lines: unknown[], told: string]>([
    ['not JSON', [valid, `{"id": "${said}`], 'line 2: not JSON'],
    ['not an object', ['[1]'], 'line 1: the line:'],
    ['no messages', [{ ...valid, messages: [] }], 'line 1: messages:'],
    ['a misspelt label', [withFact({ entities: ['tea'] })], 'line 1: expected.facts.0:'],
    [
      'a relation that does not exist',
      [withFact({ relation: 'adores' })],
      'line 1: expected.facts.0.relation:',
    ],
    ['no wording', [withFact({ entity: [] })], 'line 1: expected.facts.0.entity:'],
    [
      'evidence that is no message',
      [withFact({ evidence: ['m9'] })],
      'expected.facts.0.evidence: no message has the id m9',
    ],
    [
      'evidence by the bot alone',
      [withFact({ evidence: ['m2'] })],
      'expected.facts.0.evidence: none of them is by the user',
    ],
    [
      'a time without offset',
      [{ ...valid, messages: [message(1, 'user', '2026-01-05 09:00:00')] }],
      'messages.0.sent_at: no offset',
    ],
    [
      'one id for two messages',
      [{ ...valid, messages: [message(1, 'user', 1e12), message('1', 'bot', 2e12)] }],
      'messages: two have one id',
    ],
    [
      'two users',
      [{ ...valid, messages: [message(1, 'user', 1e12), { ...message(2, 'user', 2e12), user_id: 8 }] }],
      'messages: more than one user_id',
    ],
    ['one id for two conversations', [valid, valid], 'line 2: has the id of line 1'],
    ['nothing in it', ['', ' '], 'there is no conversation in it'],
  ])('%s', (_fault, lines, told) => {
    const faults = faultsOf(...lines);
    expect(faults).toContain(told);
    expect(faults).not.toContain('SECRET');
  });

  it('telling the first twenty faults and how many more there are', () => {
    const faults = faultsOf(...Array.from({ length: 23 }, () => '{'));
    expect(faults).toContain('line 20: not JSON');
    expect(faults).not.toContain('line 21');
    expect(faults).toContain('and 3 more');
  });
});

it('is what the published schema describes', () => {
  const validate = compileSchema('evaluation-conversation.v1.json');
  validate(valid);
  expect(validate.errors).toBeNull();
  expect(validate(withFact({ relation: ['likes', 'does'], polarity: 'negative', optional: true }))).toBe(
    true,
  );
  expect(validate(withFact({ relation: 'adores' }))).toBe(false);
  expect(validate(withFact({ evidence: [] }))).toBe(false);
});
