import { repeatBytes } from './snappy.ts';

/**
 * The LZ4 frame format, as Kafka's clients write it. Ours, because the packages to
 * be had for it check no bounds and were left alone for years. Checksums are read
 * over: Kafka's own CRC and TCP's stand before them.
 */

const frameMagic = 0x184d2204;
const blockSizeBytes: Readonly<Record<number, number>> = {
  4: 65_536,
  5: 262_144,
  6: 1_048_576,
  7: 4_194_304,
};

interface Frame {
  readonly blockChecksums: boolean;
  readonly maxBlockBytes: number;
  /** Where the first block begins. */
  readonly blocksAt: number;
}

/** @throws Error when the input is not what LZ4 writes. */
export function decompressLz4(input: Buffer): Buffer {
  const frame = readFrameHeader(input);
  let output: Buffer = Buffer.allocUnsafe(Math.max(frame.maxBlockBytes, input.length * 4));
  let written = 0;
  let at = frame.blocksAt;
  for (;;) {
    const header = input.readUInt32LE(at);
    const size = header & 0x7fffffff;
    if (size === 0) return output.subarray(0, written);
    const block = input.subarray(at + 4, at + 4 + size);
    if (block.length !== size) throw corrupt();
    output = withRoom(output, written, Math.max(frame.maxBlockBytes, size));
    // The high bit: stored as it was, since compressing would have made it larger.
    const isStored = header > 0x7fffffff;
    written = isStored ? written + block.copy(output, written) : decodeBlock(block, output, written);
    at += 4 + size + (frame.blockChecksums ? 4 : 0);
  }
}

function readFrameHeader(input: Buffer): Frame {
  if (input.readUInt32LE(0) !== frameMagic) throw corrupt();
  const flags = input.readUInt8(4);
  const maxBlockBytes = blockSizeBytes[(input.readUInt8(5) >> 4) & 7];
  if (flags >> 6 !== 1 || maxBlockBytes === undefined) throw corrupt();
  const contentSizeBytes = (flags & 0x08) === 0 ? 0 : 8;
  const dictionaryIdBytes = (flags & 0x01) === 0 ? 0 : 4;
  return {
    blockChecksums: (flags & 0x10) !== 0,
    maxBlockBytes,
    blocksAt: 6 + contentSizeBytes + dictionaryIdBytes + 1,
  };
}

function withRoom(output: Buffer, written: number, bytes: number): Buffer {
  if (written + bytes <= output.length) return output;
  const larger = Buffer.allocUnsafe(Math.max(output.length * 2, written + bytes));
  output.copy(larger, 0, 0, written);
  return larger;
}

/** Writes one block after what is there (blocks may refer back to it); returns the new end. */
function decodeBlock(block: Buffer, output: Buffer, start: number): number {
  let from = 0;
  let to = start;
  while (from < block.length) {
    const token = block.readUInt8(from);
    const literals = readLength(block, from + 1, token >> 4);
    const end = literals.next + literals.length;
    if (end > block.length || to + literals.length > output.length) throw corrupt();
    block.copy(output, to, literals.next, end);
    to += literals.length;
    // The last sequence of a block has literals only.
    if (end === block.length) return to;
    const distance = block.readUInt16LE(end);
    const match = readLength(block, end + 2, token & 0x0f);
    const length = match.length + 4;
    if (distance === 0 || distance > to || to + length > output.length) throw corrupt();
    repeatBytes(output, to, distance, length);
    to += length;
    from = match.next;
  }
  return to;
}

/** Fifteen means "and the next byte", 255 means "and the one after it". */
function readLength(block: Buffer, at: number, nibble: number): { length: number; next: number } {
  if (nibble < 15) return { length: nibble, next: at };
  let length = nibble;
  for (let next = at; ; next++) {
    const byte = block.readUInt8(next);
    length += byte;
    if (byte < 255) return { length, next: next + 1 };
  }
}

function corrupt(): Error {
  return new Error('an LZ4 frame is corrupt');
}
