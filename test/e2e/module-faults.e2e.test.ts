import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byLoader, runAfterword, type Finished } from '../support/afterword-process.ts';

const planted = 'PLANTED';
const stage = (fields: string): string => `export const stages = [{ ${fields} }];\n`;
const sound = `version: '1', prompt: 'p', minMessages: 1, schema: z.strictObject({ mood: z.string() })`;
const zod = `import { z } from 'afterword';\n`;

const modules: Readonly<Record<string, string>> = {
  'throws.mjs': `throw new Error('${planted}');\n`,
  'imports.mjs': `import './nowhere.mjs';\n`,
  'syntax.mjs': 'export const = 1;\n',
  'nothing.mjs': 'export const stage = [];\n',
  'empty.mjs': 'export default { stages: [] };\n',
  'shapes.mjs': 'export const stages = {};\nexport const decode = {};\n',
  'fields.mjs': stage(
    `name: 'Mood of ${planted}', prompt: '', minMessages: 0, schema: {}, chek: 1, offline: 'no'`,
  ),
  'no-stage.mjs': `export const stages = [undefined];\n`,
  'unsayable.mjs': `${zod}${stage(`name: 'maps', version: '1', prompt: 'p', minMessages: 1, schema: z.record(z.string(), z.string())`)}`,
  'recursive.mjs': `${zod}const node = z.strictObject({ get inner() { return z.array(node); } });
${stage(`name: 'trees', version: '1', prompt: 'p', minMessages: 1, schema: z.strictObject({ node })`)}`,
  'built-in.mjs': `${zod}${stage(`name: 'facts', ${sound}`)}`,
  'word.mjs': `${zod}${stage(`name: 'constructor', ${sound}`)}`,
  'first.mjs': `${zod}${stage(`name: 'moods', ${sound}`)}export const decode = () => undefined;\n`,
  'second.mjs': `${zod}${stage(`name: 'moods', ${sound}`)}export const decode = () => undefined;\n`,
};

const listed = ['./gone.mjs', 'no-such-package-anywhere', ...Object.keys(modules).map((name) => `./${name}`)];

describe('modules that cannot be used', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'afterword-test-modules-'));
    for (const [name, text] of Object.entries(modules)) writeFileSync(path.join(folder, name), text);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function run(command: string, file: object): Promise<Finished> {
    const config = path.join(folder, 'afterword.json');
    writeFileSync(config, JSON.stringify(file));
    const environment = { AFTERWORD_CONFIG: config, DATA_DIR: path.join(folder, 'data') };
    return runAfterword([command], environment, undefined, undefined, byLoader);
  }

  it('end a start with 2, with every fault by the module and the field', async () => {
    const { exitCode, stdout, stderr } = await run('run', { modules: listed });
    expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toContain(planted);
    const faults = stderr.split('\n').filter((line) => line.startsWith('  AFTERWORD_CONFIG'));
    const told = (module: string): string[] =>
      faults
        .filter((line) => line.startsWith(`  AFTERWORD_CONFIG modules ${module}`))
        .map((line) => line.slice(`  AFTERWORD_CONFIG modules ${module}`.length).replaceAll(folder, ''));
    expect(told('./gone.mjs')).toEqual([': there is no such file']);
    expect(told('no-such-package-anywhere')).toEqual([': there is no such package; a path begins with "./"']);
    expect(told('./throws.mjs')).toEqual([
      expect.stringMatching(/^: it failed while loading \(Error at .*throws\.mjs:1:\d+\)/),
    ]);
    expect(told('./imports.mjs')).toEqual([
      expect.stringMatching(/^: it failed while loading \(ERR_MODULE_NOT_FOUND/),
    ]);
    expect(told('./syntax.mjs')).toEqual([expect.stringMatching(/^: it failed while loading \(/)]);
    expect(told('./nothing.mjs')).toEqual([
      ': exports neither `stages` nor `decode`; did you mean "stages" by "stage"?',
    ]);
    expect(told('./empty.mjs')).toEqual([' stages: is an empty list']);
    expect(told('./shapes.mjs')).toEqual([' stages: expected a list', ' decode: expected a function']);
    expect(told('./fields.mjs')).toEqual([
      ' stages.0.name: expected kebab-case: a letter, then letters, digits and single hyphens, at most 63',
      ' stages.0.version: missing',
      ' stages.0.prompt: expected text',
      ' stages.0.minMessages: expected a whole number of at least 1',
      ' stages.0.schema: expected a schema of zod 4 (`z` of this package is one)',
      ' stages.0.offline: expected a function, or nothing',
      ' stages.0.chek: is not a field of a stage, did you mean "check"?',
    ]);
    expect(told('./no-stage.mjs')).toEqual([' stages.0: expected what defineStage returns']);
    expect(told('./unsayable.mjs')).toEqual([
      expect.stringMatching(/^ stages\.maps\.schema: cannot be said as JSON schema/),
    ]);
    expect(told('./recursive.mjs')).toEqual([
      ' stages.trees.schema: refers to itself, which a model cannot be asked for',
    ]);
    expect(told('./built-in.mjs')).toEqual([
      ' stages.facts.name: is the name of a stage that comes with Afterword (summary, facts, preferences)',
    ]);
    expect(told('./word.mjs')).toEqual([
      ' stages.constructor.name: is a word that JavaScript keeps for itself',
    ]);
    expect(told('./first.mjs')).toEqual([]);
    expect(told('./second.mjs')).toEqual([
      ' stages.moods.name: is taken by a stage of ./first.mjs',
      ' decode: ./first.mjs exports a decoder already, and a record is decoded once',
    ]);
  });

  it('and settings of stages that there are not do so too, naming those that there are', async () => {
    const { exitCode, stderr } = await run('status', {
      modules: ['./first.mjs'],
      stages: { sumary: {}, moods: { enabled: false } },
      bots: { tia: { stages: { mood: { minMessages: 3 } } } },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'AFTERWORD_CONFIG stages.sumary: there is no such stage, did you mean "summary"? (there are summary, facts, preferences, moods)',
    );
    expect(stderr).toContain(
      'AFTERWORD_CONFIG bots.tia.stages.mood: there is no such stage, did you mean "moods"?',
    );
    expect(stderr).not.toContain('stages.moods');
  });
});
