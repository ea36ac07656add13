import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { RecordHeader } from '../../../model/record.ts';

/** Records without a key are spread; equal keys always meet in one partition. */
export function choosePartition(key: string | Buffer | null, partitions: number, turn: number): number {
  if (key === null) return turn % partitions;
  return createHash('sha256').update(key).digest().readUInt32BE(0) % partitions;
}

export function toBytes(value: string | Buffer | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
}

const headersSchema = z.array(z.tuple([z.string(), z.string().nullable()]));

export function encodeHeaders(headers: readonly RecordHeader[]): Buffer | null {
  if (headers.length === 0) return null;
  return Buffer.from(
    JSON.stringify(headers.map(({ name, value }) => [name, value?.toString('base64') ?? null])),
  );
}

export function decodeHeaders(bytes: Buffer | null): RecordHeader[] {
  if (bytes === null) return [];
  return headersSchema.parse(JSON.parse(bytes.toString('utf8'))).map(([name, value]) => ({
    name,
    value: value === null ? null : Buffer.from(value, 'base64'),
  }));
}
