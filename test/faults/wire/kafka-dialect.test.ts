import { describe, expect, it } from 'vitest';
import { KafkaDialect } from './kafka-dialect.ts';

const options = { brokerPort: 9_092, ownPort: () => 40_001, sessionTimeoutMs: 8_000 };

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

const text = (words: string): Buffer => Buffer.concat([int16(words.length), Buffer.from(words)]);
const framed = (...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length), body]);
};
const request = (api: number, correlation: number, ...body: readonly Buffer[]): Buffer =>
  framed(int16(api), int16(5), int32(correlation), text('client'), ...body);

describe('what a proxy sees and changes of the broker protocol', () => {
  it('names the requests that faults wait for', () => {
    const dialect = new KafkaDialect(options);
    const [produce] = dialect.fromClient(request(0, 1, text('results')));
    expect(produce?.seen?.api).toBe('Produce');
    expect(produce?.seen?.mentions('results')).toBe(true);
    expect(produce?.seen?.mentions('elsewhere')).toBe(false);
    expect(dialect.fromClient(request(8, 2))[0]?.seen?.api).toBe('OffsetCommit');
  });

  it('sends clients back to itself wherever the broker tells its address', () => {
    const dialect = new KafkaDialect(options);
    dialect.fromClient(request(3, 7));
    const answer = framed(int32(7), int32(1), text('127.0.0.1'), int32(9_092), text('rack'));
    const [told] = dialect.fromServer(answer);
    expect(told?.bytes).toEqual(framed(int32(7), int32(1), text('127.0.0.1'), int32(40_001), text('rack')));
    expect(told).toMatchObject({ exchange: 7, isLast: true });
  });

  it('leaves answers alone that tell no address', () => {
    const dialect = new KafkaDialect(options);
    dialect.fromClient(request(0, 7));
    const answer = framed(int32(7), text('127.0.0.1'), int32(9_092));
    expect(dialect.fromServer(answer)[0]?.bytes).toEqual(answer);
  });

  it('shortens the session that a member asks for, and nothing else', () => {
    const dialect = new KafkaDialect(options);
    const joining = (ms: number): Buffer =>
      request(11, 3, text('group'), int32(ms), int32(60_000), text('me'));
    expect(dialect.fromClient(joining(30_000))[0]?.bytes).toEqual(joining(8_000));
  });
});
