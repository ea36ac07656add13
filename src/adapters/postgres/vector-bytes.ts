/** As stored: 32-bit floats, little-endian. */
export function toVectorBytes(vector: readonly number[]): Buffer {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes;
}

/** Of vectors of unit length that is the cosine of their angle. */
export function dotProduct(vector: Float32Array, stored: Buffer): number {
  // `pg` hands out slices of its own buffer, which need not lie on a multiple of four.
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  let sum = 0;
  for (let index = 0; index < vector.length; index += 1) {
    sum += (vector[index] ?? 0) * view.getFloat32(index * 4, true);
  }
  return sum;
}
