import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decompressLz4 } from '../../../../src/adapters/kafka/compression/lz4.ts';
import { decompressSnappy } from '../../../../src/adapters/kafka/compression/snappy.ts';

// What Java's clients write is read in record-source.int.test.ts; here stands what only
// other writers produce, by the formats' own descriptions.

describe('reading Snappy', () => {
  it('reads a bare block, as librdkafka writes it, with every kind of element', () => {
    const block = Buffer.concat([
      Buffer.from([20]), // 20 bytes
      Buffer.from([(4 - 1) << 2]),
      Buffer.from('abcd'),
      Buffer.from([((4 - 4) << 2) | 1, 4]), // 4 bytes from 4 back
      Buffer.from([((6 - 1) << 2) | 2, 2, 0]), // 6 from 2 back: they overlap and repeat
      Buffer.from([((5 - 1) << 2) | 3, 14, 0, 0, 0]), // 5 from 14 back
      Buffer.from([(1 - 1) << 2]),
      Buffer.from('!'),
    ]);
    expect(decompressSnappy(block).toString()).toBe('abcdabcdcdcdcdabcda!');
  });

  it('reads a literal whose length needs bytes of its own', () => {
    const text = 'x'.repeat(300);
    const block = Buffer.concat([Buffer.from([0xac, 0x02, 61 << 2, 0x2b, 0x01]), Buffer.from(text)]);
    expect(decompressSnappy(block).toString()).toBe(text);
  });

  it.each([
    ['a copy from before the beginning', [4, 1, 9]],
    ['a copy of nothing before it', [4, 1, 0]],
    ['more than it announced', [1, 12, 97, 97, 97, 97]],
    ['less than it announced', [9, 12, 97, 97, 97, 97]],
    ['a literal that is cut off', [4, 12, 97]],
    ['nothing', []],
  ])('refuses %s', (_, bytes) => {
    expect(() => decompressSnappy(Buffer.from(bytes))).toThrow();
  });
});

describe('reading LZ4', () => {
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0x00]);
  const end = Buffer.from([0, 0, 0, 0]);
  const block = (bytes: number[], isStored = false): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(isStored ? bytes.length + 0x80000000 : bytes.length);
    return Buffer.concat([size, Buffer.from(bytes)]);
  };
  const ascii = (text: string): number[] => [...Buffer.from(text)];

  it('reads stored blocks, compressed ones, and those that refer back to an earlier block', () => {
    const frame = Buffer.concat([
      header,
      block(ascii('abcd'), true),
      // Four more bytes from four back, reaching into the block before; then a literal.
      block([0x00, 4, 0, 0x10, ...ascii('!')]),
      end,
    ]);
    expect(decompressLz4(frame).toString()).toBe('abcdabcd!');
  });

  it('reads lengths that go on in further bytes, and matches that overlap', () => {
    const literals = 'y'.repeat(15 + 255 + 3);
    const frame = Buffer.concat([
      header,
      block([0xff, 255, 3, ...ascii(literals), 1, 0, 255, 6, 0x10, ...ascii('!')]),
      end,
    ]);
    expect(decompressLz4(frame).toString()).toBe(`${literals}${'y'.repeat(15 + 255 + 6 + 4)}!`);
  });

  it('reads over a content size and block checksums', () => {
    const flagged = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x58, 0x40, 4, 0, 0, 0, 0, 0, 0, 0, 0x00]);
    const frame = Buffer.concat([flagged, block(ascii('abcd'), true), Buffer.alloc(4), end]);
    expect(decompressLz4(frame).toString()).toBe('abcd');
  });

  it('grows for what expands a thousandfold', () => {
    const long = [...Array.from({ length: 250 }, () => 255), 0];
    const blocks = Array.from({ length: 20 }, () => block([0x1f, ...ascii('z'), 1, 0, ...long]));
    const text = decompressLz4(Buffer.concat([header, ...blocks, end]));
    expect(text.equals(Buffer.alloc(20 * (1 + 15 + 250 * 255 + 4), 'z'))).toBe(true);
  });

  it.each([
    ['a match from before the beginning', [...header, 4, 0, 0, 0, 0x10, 97, 9, 0, ...end]],
    ['a block that is cut off', [...header, 9, 0, 0, 0, 0x10, 97]],
    ['a frame without an end', [...header]],
    ['another format', [1, 2, 3, 4, 5, 6, 7, 8]],
  ])('refuses %s', (_, bytes) => {
    expect(() => decompressLz4(Buffer.from(bytes))).toThrow();
  });
});

describe('any bytes at all', () => {
  it('are read or refused, never read past their end', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, (input) => {
        for (const decompress of [decompressSnappy, decompressLz4]) {
          try {
            const output = decompress(Buffer.from(input));
            expect(output.length).toBeLessThan(2 ** 31);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
