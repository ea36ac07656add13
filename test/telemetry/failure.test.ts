import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AfterwordError } from '../../src/errors.ts';
import { describeFailure, failureCode } from '../../src/telemetry/failure.ts';
import { captureLog } from './captured-log.ts';

const planted = 'my sister Ann has two cats';

function thrownBy(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function databaseError(): pg.DatabaseError {
  const error = new pg.DatabaseError(`invalid input syntax: "${planted}"`, 1, 'error');
  return Object.assign(error, {
    code: '23505',
    detail: `Key (content)=(${planted}) already exists.`,
    hint: planted,
    where: planted,
    constraint: 'messages_pkey',
    table: 'messages',
    schema: 'afterword',
  });
}

describe('a planted text never shows', () => {
  const failures: readonly (readonly [string, unknown])[] = [
    ['JSON.parse', thrownBy(() => JSON.parse(`{"content": ${planted}`))],
    ['zod', thrownBy(() => z.strictObject({ a: z.enum(['x']) }).parse({ a: planted, [planted]: 1 }))],
    ['Postgres', databaseError()],
    [
      'an SDK',
      Object.assign(new Error(planted), { status: 400, body: planted, error: { message: planted } }),
    ],
    ['a cause', new AfterwordError('DATABASE_REFUSED', 'a row was refused', { cause: databaseError() })],
    ['a deep cause', new Error('a', { cause: new Error('b', { cause: new Error(planted) }) })],
    ['an aggregate', new AggregateError([new Error(planted), planted], planted)],
    ['a thrown text', planted],
    ['a thrown object', { message: planted }],
    ['a cause that is a text', new Error('x', { cause: planted })],
    ['a name', Object.assign(new Error('x'), { name: planted })],
    ['a code', Object.assign(new Error('x'), { code: planted })],
    ['a changed message', Object.assign(new Error(planted), { message: 'other' })],
    ['lines like frames', new Error(`x\n    at ${planted} (/a.ts:1:1)\n    at ${planted}`)],
    ['a changed message like frames', Object.assign(new Error(`x\n    at ${planted}`), { message: 'other' })],
    ['a stack that is all text', Object.assign(new Error('x'), { stack: planted })],
    ['details of ours', new AfterwordError('INPUT_INVALID', 'x', { details: { id: planted } })],
  ];

  it.each(failures)('out of %s', (_, failure) => {
    const { log, lines } = captureLog();
    log.failure('process.failed', failure, {});
    expect(lines).toHaveLength(1);
    expect(lines.join('')).not.toMatch(/sister|Ann|cats/);
    expect(inspect(describeFailure(failure), { depth: null })).not.toMatch(/sister|Ann|cats/);
  });

  it('whatever the text, even one that imitates a stack', () => {
    const frames = fc.constantFrom('\n    at ', '\n', ' (', ':1:1)', 'Error: ', 'zq', ' ');
    const texts = fc.array(frames, { maxLength: 12 }).map((parts) => `${parts.join('')} zq zq`);
    fc.assert(
      fc.property(texts, (text) => {
        expect(JSON.stringify(describeFailure(new Error(text)))).not.toContain('zq');
      }),
    );
  });
});

describe('what is of use stays', () => {
  it('our own code, message, hint, details and retryability', () => {
    const error = new AfterwordError('LOG_UNAVAILABLE', 'no broker answered', {
      retryable: true,
      hint: 'Check KAFKA_BROKERS.',
      details: { brokers: 3 },
    });
    expect(describeFailure(error)).toMatchObject({
      class: 'AfterwordError',
      code: 'LOG_UNAVAILABLE',
      message: 'no broker answered',
      retryable: true,
      hint: 'Check KAFKA_BROKERS.',
      details: { brokers: 3 },
    });
  });

  it('the names of things out of a Postgres error', () => {
    expect(describeFailure(databaseError())).toMatchObject({
      class: 'DatabaseError',
      code: '23505',
      details: { constraint: 'messages_pkey', table: 'messages', schema: 'afterword' },
    });
  });

  it('the number of issues out of a zod error', () => {
    const error = thrownBy(() => z.strictObject({ a: z.string(), b: z.string() }).parse({}));
    expect(describeFailure(error)).toMatchObject({ class: 'ZodError', details: { issues: 2 } });
  });

  it('the frames, first to last', () => {
    const { stack = [] } = describeFailure(thrownBy(() => JSON.parse('{')));
    expect(stack.join('\n')).toContain('failure.test.ts');
    expect(stack[0]).toMatch(/^JSON\.parse|failure\.test\.ts/);
  });

  it('the frames of an error that travelled through promises', async () => {
    async function deep(): Promise<void> {
      await wait(1);
      throw new TypeError('several\nlines');
    }
    const error: unknown = await Promise.all([deep()]).catch((thrown: unknown) => thrown);
    expect(describeFailure(error).stack?.[0]).toMatch(/^deep .*failure\.test\.ts/);
  });

  it('every cause, once, even in a circle', () => {
    const inner = Object.assign(new Error('inner'), { code: 'ECONNRESET' });
    const outer = new Error('outer', { cause: inner });
    inner.cause = outer;
    const { causes } = describeFailure(outer);
    expect(causes).toHaveLength(1);
    expect(causes?.[0]).toMatchObject({ class: 'Error', code: 'ECONNREFUSED'.replace('REFUSED', 'RESET') });
  });
});

it('never throws itself', () => {
  const hostile = new Error('x');
  for (const key of ['code', 'stack', 'cause', 'errors', 'issues', 'table']) {
    Object.defineProperty(hostile, key, {
      get: () => {
        throw new Error(planted);
      },
    });
  }
  for (const thrown of [hostile, null, undefined, 0, Symbol('x'), () => 1]) {
    expect(() => describeFailure(thrown)).not.toThrow();
  }
});

it('names a failure by one word', () => {
  expect(failureCode(new AfterwordError('LEASE_LOST', 'x'))).toBe('LEASE_LOST');
  expect(failureCode(databaseError())).toBe('23505');
  expect(failureCode(new RangeError(planted))).toBe('RangeError');
  expect(failureCode(planted)).toBe('thrown-string');
});
