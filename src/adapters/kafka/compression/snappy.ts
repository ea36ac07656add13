/**
 * Snappy as Kafka's clients write it: Java frames blocks in the manner of the
 * xerial library, librdkafka writes one bare block. Ours, because a block is forty
 * lines to read and every offset of the input is checked.
 */

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, version, and the version that is still compatible. */
const xerialHeaderBytes = 16;

/** @throws Error when the input is not what Snappy writes. */
export function decompressSnappy(input: Buffer): Buffer {
  if (!input.subarray(0, xerialMagic.length).equals(xerialMagic)) return decodeBlock(input);
  const blocks: Buffer[] = [];
  let at = xerialHeaderBytes;
  while (at < input.length) {
    const length = input.readInt32BE(at);
    const end = at + 4 + length;
    if (length < 0 || end > input.length) throw corrupt();
    blocks.push(decodeBlock(input.subarray(at + 4, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}

function decodeBlock(input: Buffer): Buffer {
  const { value: size, next } = readVarint(input);
  const output = Buffer.allocUnsafe(size);
  let from = next;
  let to = 0;
  while (from < input.length) {
    const element = readElement(input, from);
    if (to + element.length > size) throw corrupt();
    if (element.kind === 'literal') {
      if (element.next + element.length > input.length) throw corrupt();
      input.copy(output, to, element.next, element.next + element.length);
      from = element.next + element.length;
    } else {
      if (element.distance === 0 || element.distance > to) throw corrupt();
      repeatBytes(output, to, element.distance, element.length);
      from = element.next;
    }
    to += element.length;
  }
  if (to !== size) throw corrupt();
  return output;
}

type Element =
  | { readonly kind: 'literal'; readonly length: number; readonly next: number }
  | { readonly kind: 'copy'; readonly length: number; readonly distance: number; readonly next: number };

/** The two low bits of the tag name the kind; a read past the end throws by itself. */
function readElement(input: Buffer, at: number): Element {
  const tag = input.readUInt8(at);
  const upper = tag >> 2;
  switch (tag & 3) {
    case 0: {
      if (upper < 60) return { kind: 'literal', length: upper + 1, next: at + 1 };
      const lengthBytes = upper - 59;
      const length = input.readUIntLE(at + 1, lengthBytes) + 1;
      return { kind: 'literal', length, next: at + 1 + lengthBytes };
    }
    case 1: {
      const distance = ((tag >> 5) << 8) | input.readUInt8(at + 1);
      return { kind: 'copy', length: (upper & 7) + 4, distance, next: at + 2 };
    }
    case 2:
      return { kind: 'copy', length: upper + 1, distance: input.readUInt16LE(at + 1), next: at + 3 };
    default:
      return { kind: 'copy', length: upper + 1, distance: input.readUInt32LE(at + 1), next: at + 5 };
  }
}

/** Copies what was written `distance` bytes ago; the two stretches may overlap, then it repeats. */
export function repeatBytes(output: Buffer, to: number, distance: number, length: number): void {
  if (distance >= length) {
    output.copyWithin(to, to - distance, to - distance + length);
    return;
  }
  for (let at = to; at < to + length; at++) output[at] = output[at - distance] ?? 0;
}

function readVarint(input: Buffer): { value: number; next: number } {
  let value = 0;
  for (let at = 0; at < 5; at++) {
    const byte = input.readUInt8(at);
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw corrupt();
}

function corrupt(): Error {
  return new Error('a Snappy block is corrupt');
}
