import { decompress as decompressZstd } from 'fzstd';
import kafkajs from 'kafkajs';

import { InvariantError } from '../../../errors.ts';
import { decompressLz4 } from './lz4.ts';
import { decompressSnappy } from './snappy.ts';

/**
 * Teaches kafkajs what it cannot decompress by itself; gzip it can. A codec that it
 * does not know kills a consumer for good, and any producer, or the topic's own
 * setting, may choose one. The registry belongs to kafkajs and is global: writing the
 * same functions again changes nothing.
 */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = () => readOnly(decompressSnappy);
  CompressionCodecs[CompressionTypes.LZ4] = () => readOnly(decompressLz4);
  CompressionCodecs[CompressionTypes.ZSTD] = () =>
    readOnly((input) => {
      const { buffer, byteOffset, byteLength } = decompressZstd(input);
      return Buffer.from(buffer, byteOffset, byteLength);
    });
}

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(input: Buffer): Promise<Buffer>;
}

function readOnly(decompress: (input: Buffer) => Buffer): Codec {
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must become a rejection
    decompress: async (input) => decompress(input),
    compress: () =>
      Promise.reject(new InvariantError('kafka-codec', 'this codec is only read, never written')),
  };
}
