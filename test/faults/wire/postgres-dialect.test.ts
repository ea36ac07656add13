import { describe, expect, it } from 'vitest';
import { errorAnswer, PostgresDialect } from './postgres-dialect.ts';

const startup = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);

function frame(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`, 'latin1');
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

const query = (text: string): Buffer => frame('Q', `${text}\0`);
const parse = (name: string, text: string): Buffer => frame('P', `${name}\0${text}\0\0\0`);
const bind = (name: string): Buffer => frame('B', `\0${name}\0\0\0\0\0\0\0`);
const sync = frame('S', '');

function begun(): PostgresDialect {
  const dialect = new PostgresDialect();
  dialect.fromClient(startup);
  return dialect;
}

function seen(dialect: PostgresDialect, ...frames: readonly Buffer[]) {
  return dialect.fromClient(Buffer.concat(frames)).flatMap((one) => one.seen ?? []);
}

describe('what a proxy sees of the frontend protocol', () => {
  it('tells what a transaction has done before a statement', () => {
    const dialect = begun();
    const statements = seen(dialect, query('begin'), parse('', 'insert'), bind(''), sync, query('commit'));
    expect(statements.at(-1)).toEqual({ text: 'commit', earlier: ['insert'], isInTransaction: true });
    expect(seen(dialect, query('select 1'))).toEqual([
      { text: 'select 1', earlier: [], isInTransaction: false },
    ]);
  });

  it('knows a named statement again that is only bound', () => {
    const dialect = begun();
    seen(dialect, parse('kept', 'select kept'), bind('kept'), sync);
    expect(seen(dialect, bind('kept'), sync).map(({ text }) => text)).toEqual(['select kept']);
  });

  it('sees the same however the bytes are split', () => {
    const bytes = Buffer.concat([
      startup,
      query('begin'),
      parse('', 'insert'),
      bind(''),
      sync,
      query('commit'),
    ]);
    const dialect = new PostgresDialect();
    const texts = [...bytes].flatMap((byte) =>
      dialect.fromClient(Buffer.from([byte])).flatMap((one) => one.seen?.text ?? []),
    );
    expect(texts).toEqual(['begin', 'insert', 'commit']);
  });

  it('gives an answer the number of its request', () => {
    const dialect = begun();
    const ready = frame('Z', 'I');
    const asked = dialect.fromClient(Buffer.concat([query('begin'), parse('', 'a'), bind(''), sync]));
    expect(asked.map(({ exchange }) => exchange)).toEqual([1, 2, 2, 2]);
    const answered = dialect.fromServer(
      Buffer.concat([frame('R', '\0\0\0\0'), ready, frame('C', 'BEGIN\0'), ready, frame('1', ''), ready]),
    );
    expect(answered.map(({ exchange, isLast }) => [exchange, isLast])).toEqual([
      [0, false],
      [0, true],
      [1, false],
      [1, true],
      [2, false],
      [2, true],
    ]);
  });

  it('answers an error that ends the statement and leaves its transaction broken', () => {
    const answer = errorAnswer('40P01', { text: '', earlier: [], isInTransaction: true });
    const frames = begun().fromServer(answer);
    expect(frames).toHaveLength(2);
    expect(frames[0]?.bytes.toString('latin1')).toContain('C40P01\0');
    expect(frames[1]?.bytes.toString('latin1')).toBe('Z\0\0\0\u0005E');
  });
});
