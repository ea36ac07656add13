import type { OutgoingRecord } from '../../publish/record-sink.ts';

/** What a record costs beside its bytes: lengths, offsets and timestamps, at their largest. */
const overheadBytes = 64;

/** Cuts into runs of at most so many bytes, in order; a record that is larger alone stays alone. */
export function splitBySize(records: readonly OutgoingRecord[], maxBytes: number): OutgoingRecord[][] {
  const parts: OutgoingRecord[][] = [];
  let partBytes = Infinity;
  for (const record of records) {
    const bytes = sizeOf(record);
    if (partBytes + bytes > maxBytes) {
      parts.push([]);
      partBytes = 0;
    }
    parts.at(-1)?.push(record);
    partBytes += bytes;
  }
  return parts;
}

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  const headerBytes = headers.map((header) => lengthOf(header.name) + lengthOf(header.value) + 10);
  return overheadBytes + lengthOf(key) + lengthOf(value) + headerBytes.reduce((sum, bytes) => sum + bytes, 0);
}

function lengthOf(value: string | Buffer | null): number {
  return value === null ? 0 : Buffer.byteLength(value);
}
