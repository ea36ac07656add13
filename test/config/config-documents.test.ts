import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { configDocuments, configSchema, exampleFile, replaceMarked } from '../../scripts/config-documents.ts';
import { variableNames } from '../../src/config/variables.ts';
import { configOf } from './config-files.ts';

function read(path: string): string | undefined {
  try {
    return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
}

it.each(configDocuments(read).map(({ path, text }) => ({ path, text })))(
  '$path says what the definitions say (npm run docs:config)',
  ({ path, text }) => {
    expect(read(path)).toBe(text);
  },
);

it('documents every variable on the page and in the table of the README', () => {
  const readme = '# x\n<!-- config:begin -->\nold\n<!-- config:end -->\nrest\n';
  const documents = configDocuments((path) => (path === 'README.md' ? readme : undefined));
  for (const path of ['docs/CONFIGURATION.md', 'README.md']) {
    const text = documents.find((document) => document.path === path)?.text ?? '';
    expect(variableNames.filter((name) => !text.includes(`| \`${name}\` |`))).toEqual([]);
  }
});

describe('the table in a page', () => {
  it('replaces what stands between the markers and nothing else', () => {
    const page = 'before\n<!-- config:begin -->\nold\n<!-- config:end -->\nafter\n';
    const once = replaceMarked(page, '| new |');
    expect(once).toBe('before\n<!-- config:begin -->\n| new |\n<!-- config:end -->\nafter\n');
    expect(replaceMarked(once ?? '', '| new |')).toBe(once);
  });

  it('leaves a page without the markers alone', () => {
    expect(replaceMarked('# x', '| new |')).toBeUndefined();
    expect(configDocuments(() => '# x').map(({ path }) => path)).toEqual([
      'docs/CONFIGURATION.md',
      'schemas/config.v1.json',
    ]);
  });
});

describe('the published schema', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(configSchema()) as object);

  it('accepts what the product accepts', () => {
    expect(validate(exampleFile)).toBe(true);
    expect(configOf({}, exampleFile).bots['helpdesk']?.gapMs).toBe(7_200_000);
  });

  it.each([
    { session: { gap: '30' } },
    { session: { gap: '0m' } },
    { unheard: 1 },
    { bots: { 'two words': {} } },
    { memory: { lifetimes: { feel: '3d' } } },
    { budgetUsdPerDay: 0 },
    { stages: { Summary: {} } },
  ])('refuses %j, as the product does', (file) => {
    expect(validate(file)).toBe(false);
    expect(() => configOf({}, file)).toThrow('AFTERWORD_CONFIG');
  });
});
