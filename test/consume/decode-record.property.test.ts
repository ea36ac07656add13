import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import { parseSentAt } from '../../src/consume/sent-at.ts';
import type { DecodedRecord } from '../../src/model/decoded-record.ts';
import { deadLetterReasons } from '../../src/model/decoded-record.ts';
import { chatMessageSchema, messageEventTypes } from '../../src/model/message-event.ts';
import { hello, recordOf } from './record-of.ts';

const seed = 20_261_123;
const oddText = fc.string({
  unit: fc.constantFrom('a', ' ', '\0', '\ud83d', '\udd8a', '🦊', '\ufeff', '"', '\\', '__proto__'),
  maxLength: 6,
});
const anyValue = fc.oneof(
  oddText,
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    undefined,
    null,
    true,
    [],
    {},
    2 ** 60,
    1_682_586_000,
    '2023-04-27T09:00:60Z',
    '2023-04-27T09:00:00',
  ),
  fc.jsonValue({ noUnicodeString: false }),
);
const anyType = fc.constantFrom(...messageEventTypes, 'reaction.added', null);

/** A complete event with a few of its fields replaced or left out, and others beside them. */
const nearlyValid = fc
  .record({
    id: anyValue,
    type: fc.oneof(anyType, anyValue),
    bot_id: anyValue,
    user_id: anyValue,
    channel_id: anyValue,
    channel_type: anyValue,
    role: fc.oneof(fc.constantFrom('user', 'bot', 'tool'), anyValue),
    content: fc.oneof(oddText, anyValue),
    sent_at: anyValue,
    metadata: fc.oneof(fc.dictionary(oddText, anyValue), anyValue),
    unknown: anyValue,
  })
  .chain((changes) => fc.tuple(anyType, fc.subarray(Object.entries(changes), { maxLength: 3 })))
  .map(([type, changes]) => ({ ...hello, type, ...Object.fromEntries(changes) }));

const bytes = fc.oneof(
  { weight: 6, arbitrary: nearlyValid.map((event) => Buffer.from(JSON.stringify(event))) },
  { weight: 2, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)) },
  { weight: 1, arbitrary: cutOrFlipped() },
  { weight: 1, arbitrary: fc.constant(null) },
);
const headers = fc.dictionary(
  fc.constantFrom('content-type', 'ce_type', 'ce_time', 'ce_specversion', 'traceparent'),
  fc.oneof(
    fc.constantFrom('application/cloudevents+json', 'application/cloudevents-batch+json', 'x.message'),
    oddText,
  ),
  { maxKeys: 2 },
);

/** Valid JSON with one byte replaced, or the end missing. */
function cutOrFlipped(): fc.Arbitrary<Buffer> {
  return fc
    .tuple(nearlyValid, fc.nat(), fc.nat({ max: 255 }), fc.boolean())
    .map(([event, place, byte, isCut]) => {
      const whole = Buffer.from(JSON.stringify(event));
      const at = place % whole.length;
      if (isCut) return whole.subarray(0, at);
      whole[at] = byte;
      return whole;
    });
}

describe('decoding anything at all', () => {
  it('never throws, gives one outcome, the same each time, that a database can hold', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(bytes, headers, (value, headerTexts) => {
        const record = recordOf(value, headerTexts);
        const decoded = decodeRecord(record);
        expect(decodeRecord(record)).toStrictEqual(decoded);
        expectWellFormed(decoded);
        const outcome = decoded.kind === 'dead-letter' ? decoded.reason : decoded.kind;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 20_000, seed },
    );
    // The input was worth its name: every outcome but the rarest came up often.
    const often = ['message', 'change', 'session-end', 'ignored', 'null-value', 'not-json', 'not-an-object'];
    for (const outcome of [...often, 'invalid-utf8', 'invalid-fields', 'sent-at-not-milliseconds']) {
      expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(50);
    }
  });

  it('accepts a message exactly when its schema does and its time can be told', () => {
    fc.assert(
      fc.property(nearlyValid, (event) => {
        const sent: unknown = JSON.parse(JSON.stringify(event));
        const parsed = chatMessageSchema.safeParse(sent);
        const sentAt = parsed.data?.sent_at ?? undefined;
        const isTimed = sentAt === undefined || parseSentAt(sentAt).ok;
        expect(decodeRecord(recordOf(event)).kind === 'message').toBe(parsed.success && isTimed);
      }),
      { numRuns: 5_000, seed },
    );
  });
});

const unstorable = /[\0\p{Surrogate}]/u;

function expectWellFormed(decoded: DecodedRecord): void {
  if (decoded.kind === 'dead-letter') {
    expect(deadLetterReasons).toContain(decoded.reason);
    expect(decoded.detail).toMatch(
      /^(?:(?:value|content-type|data|time|[a-z]+_?[a-z]*): [A-Za-z0-9 +^,:-]+(?:; )?)+$/,
    );
    return;
  }
  for (const text of textsIn(decoded)) expect(text).not.toMatch(unstorable);
  if (decoded.kind === 'ignored') {
    expect(Array.from(decoded.type).length).toBeLessThanOrEqual(60);
    return;
  }
  expect(decoded.identity).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  for (const id of [decoded.botId, decoded.userId, decoded.channelId ?? 'none']) {
    expect(id).not.toBe('');
    expect(Array.from(id).length).toBeLessThanOrEqual(255);
  }
  if (decoded.sentAtMs !== null) expect(Number.isSafeInteger(decoded.sentAtMs)).toBe(true);
}

/** Every text in a value, keys included. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner)]);
}
