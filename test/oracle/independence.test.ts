import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const folder = import.meta.dirname;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
);

/** Of others only the two clients, and the window rule that was written apart from the product. */
const packages = ['kafkajs', 'pg'];
const windowRule = path.join(folder, '../support/naive-windows.ts');

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom '([^']+)'|\bimport\(\s*'([^']+)'|^import '([^']+)'/gm,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function isAllowed(specifier: string, file: string): boolean {
  if (!specifier.startsWith('.')) return specifier.startsWith('node:') || packages.includes(specifier);
  const target = path.resolve(path.dirname(file), specifier);
  return target === windowRule || target.startsWith(`${folder}${path.sep}`);
}

it('is judged by files that import nothing of the product', () => {
  expect(files.length).toBeGreaterThan(20);
  const paths = [...files.map((file) => path.join(folder, file)), windowRule];
  const foreign = paths.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => !isAllowed(specifier, file))
      .map((specifier) => `${path.relative(folder, file)}: ${specifier}`),
  );
  expect(foreign).toEqual([]);
});

it('would notice one that does', () => {
  expect(isAllowed('../../src/consume/decode-record.ts', path.join(folder, 'meaning.ts'))).toBe(false);
  expect(isAllowed('../support/store-harness.ts', path.join(folder, 'meaning.ts'))).toBe(false);
  expect(importsOf(path.join(folder, 'seen.ts'))).toContain('./read-log.ts');
});
