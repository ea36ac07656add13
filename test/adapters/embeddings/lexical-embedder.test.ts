import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLexicalEmbedder } from '../../../src/adapters/embeddings/lexical-embedder.ts';

const embedder = createLexicalEmbedder();
const signal = new AbortController().signal;

async function vectorOf(text: string): Promise<readonly number[]> {
  const [vector] = await embedder.embed([text], signal);
  return vector ?? [];
}

async function likeness(one: string, other: string): Promise<number> {
  const [a, b] = [await vectorOf(one), await vectorOf(other)];
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

/** The texts from the nearest to the farthest of the query. */
async function ranked(query: string, texts: readonly string[]): Promise<string[]> {
  const scored = await Promise.all(texts.map(async (text) => ({ text, score: await likeness(query, text) })));
  return scored.sort((a, b) => b.score - a.score).map(({ text }) => text);
}

describe('the lexical embedder', () => {
  it('gives every text a vector of unit length and its dimension, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        const vector = await vectorOf(text);
        expect(vector).toHaveLength(embedder.dimension);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 9);
      }),
    );
    for (const text of ['', '   ', '!?…', '🐈', '\ud83d', '\u0000']) {
      expect(Math.hypot(...(await vectorOf(text)))).toBeCloseTo(1, 9);
    }
  });

  it('never changes under the same name: stored vectors are compared with new ones for years', async () => {
    const vector = await vectorOf('Lives in Porto with a cat named Luna 🐈, 東京');
    const strongest = [...vector.entries()]
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
      .slice(0, 6)
      .map(([place, value]) => [place, Number(value.toFixed(4))]);
    expect(embedder.name).toBe('lexical-v1@384');
    expect(strongest).toMatchInlineSnapshot(`
      [
        [
          6,
          0.2757,
        ],
        [
          58,
          -0.2757,
        ],
        [
          148,
          -0.2757,
        ],
        [
          205,
          0.2757,
        ],
        [
          208,
          -0.2757,
        ],
        [
          264,
          -0.2757,
        ],
      ]
    `);
  });

  it('embeds a text the same alone and among others', async () => {
    const texts = ['Lives in Porto', 'Owns a cat', ''];
    const together = await embedder.embed(texts, signal);
    expect(together).toEqual(await Promise.all(texts.map(vectorOf)));
  });

  it('finds a text by its words, whatever their form, case or accents', async () => {
    const texts = [
      'Loves hiking in the mountains',
      'Works as a nurse',
      'Owns a cat named Luna',
      'Lives in São Paulo',
    ];
    expect((await ranked('does she hike?', texts))[0]).toBe(texts[0]);
    expect((await ranked('NURSES', texts))[0]).toBe(texts[1]);
    expect((await ranked('any cats', texts))[0]).toBe(texts[2]);
    expect((await ranked('sao paulo', texts))[0]).toBe(texts[3]);
    expect((await ranked('who works as a nourse', texts))[0]).toBe(texts[1]);
  });

  it('does not take little words for content', async () => {
    const texts = ['is in the of and to a on', 'Allergic to penicillin'];
    expect((await ranked('is she on penicillin?', texts))[0]).toBe(texts[1]);
    const facts = ['Has a mum', 'Does swimming', 'Owns a cat named Luna', 'Lives in Porto', 'Visited Norway'];
    expect((await ranked('who has a cat', facts))[0]).toBe('Owns a cat named Luna');
    expect((await ranked('where does she live', facts))[0]).toBe('Lives in Porto');
  });

  it('reads scripts that put no spaces between words, and those that do', async () => {
    expect((await ranked('東京', ['東京に住んでいます', '猫を飼っています']))[0]).toBe('東京に住んでいます');
    expect((await ranked('猫', ['東京に住んでいます', '猫を飼っています']))[0]).toBe('猫を飼っています');
    expect((await ranked('живу в Москве', ['Живёт в Москве', 'Работает врачом']))[0]).toBe('Живёт в Москве');
    expect((await ranked('กรุงเทพ', ['อยู่กรุงเทพ', 'ชอบแมว']))[0]).toBe('อยู่กรุงเทพ');
  });

  it('reads an emoji as a word, in either of its forms', async () => {
    expect(await likeness('❤️', '❤')).toBeCloseTo(1, 9);
    expect((await ranked('🐈', ['Loves 🐕', 'Loves 🐈']))[0]).toBe('Loves 🐈');
  });

  it('holds texts without a common word apart', async () => {
    const pairs = [
      ['Lives in Porto', 'Owns a cat named Luna'],
      ['Works as a nurse', 'Plays chess every Friday'],
      ['Allergic to penicillin', 'Wants to learn guitar'],
    ] as const;
    for (const [one, other] of pairs) expect(Math.abs(await likeness(one, other))).toBeLessThan(0.25);
  });

  it('does not let a repeated word drown the others', async () => {
    const often = await likeness('coffee', `${'coffee '.repeat(30)} and hiking in the mountains`);
    const hiking = await likeness('hiking', `${'coffee '.repeat(30)} and hiking in the mountains`);
    expect(often).toBeGreaterThan(hiking);
    expect(hiking).toBeGreaterThan(0.1);
  });
});
