import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { foldVersion } from '../../src/memory/fold-version.ts';

const memory = path.join(import.meta.dirname, '../../src/memory');

/** What the files that decide the fold were, by version. */
const digests: Readonly<Record<number, string>> = {
  1: '98c4a216fcfe08c4dfc1c8d175482a5a',
};

it('has a version of its own for each state of the files that decide the fold', async () => {
  const files = await importedFrom(['fold-facts.ts', 'fold-preferences.ts', 'fold-touched.ts']);
  expect(files).toContain('fold-claims.ts');
  expect(files).not.toContain('render-profile.ts');
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(path.join(memory, file), 'utf8'));
  const digest = hash.digest('hex').slice(0, 32);
  expect(
    digests[foldVersion],
    `the fold has changed. Checkpoints in databases were written by the fold as it was: if it may now
    come to another result, or its state looks otherwise, raise foldVersion in src/memory/fold-version.ts.
    Then, or if only words were changed, write ${foldVersion} (or the new number): '${digest}' into this test`,
  ).toBe(digest);
});

/** Files of `memory/` that these are made of, themselves included, in the order of their names. */
async function importedFrom(roots: readonly string[]): Promise<string[]> {
  const known = new Set(roots);
  for (const file of known) {
    const text = await readFile(path.join(memory, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/from '\.\/([^']+)'/gu)) known.add(name);
  }
  return [...known].sort();
}
