import type { Embedder } from '../../publish/embedder.ts';
import { lexicalFeatures } from './lexical-features.ts';

/** Two unrelated short texts then share a place by chance seldom enough. */
const dimension = 384;

const nearDuplicateScore = 0.8;

/**
 * Vectors from the words themselves, by feature hashing: no model, no network, the same on
 * every machine. Finds what is said in like words in any script; unlike a model it knows
 * no synonyms. Its name must change with every change of features, weights or hash, so
 * that old and new vectors never meet.
 */
export function createLexicalEmbedder(): Embedder {
  return {
    name: `lexical-v1@${dimension}`,
    dimension,
    nearDuplicateScore,
    embed: (texts, signal) => {
      signal.throwIfAborted();
      return Promise.resolve(texts.map(embedText));
    },
  };
}

function embedText(text: string): number[] {
  const vector = new Array<number>(dimension).fill(0);
  for (const [name, { count, weight }] of countFeatures(text)) {
    const hash = hashOf(name);
    const place = (hash & 0x7fffffff) % dimension;
    // The sign comes from a bit that the place does not depend on: chance meetings of
    // features cancel out instead of adding up.
    const sign = (hash >>> 31) & 1 ? -1 : 1;
    vector[place] = (vector[place] ?? 0) + sign * weight * (1 + Math.log(count));
  }
  return toUnitLength(vector);
}

/** How often each feature occurs; saying a thing ten times does not make it ten times as true. */
function countFeatures(text: string): Map<string, { count: number; weight: number }> {
  const features = new Map<string, { count: number; weight: number }>();
  for (const { name, weight } of lexicalFeatures(text)) {
    const known = features.get(name);
    if (known === undefined) features.set(name, { count: 1, weight });
    else known.count += 1;
  }
  return features;
}

/** FNV-1a over UTF-16 units, then mixed, for FNV's low bits alone are poor. Unsigned 32 bits. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A text without a word is no direction at all; it gets one that no other text is likely to have. */
function toUnitLength(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  if (length === 0) return vector.map((_, index) => (index === 0 ? 1 : 0));
  return vector.map((value) => value / length);
}
