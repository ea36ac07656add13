import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { publishedSchemas, resultEventFileName } from '../../scripts/published-schemas.ts';
import { resultEventSchemas, resultEventTypes } from '../../src/model/result-event.ts';
import { compileSchema, readSchema, schemaFileNames, schemasFolder } from './compile-schemas.ts';
import { exampleData } from './result-event-examples.ts';

const run = promisify(execFile);
const project = join(schemasFolder, '..');

function checkSchemas(folder: string): Promise<unknown> {
  const tsx = join(project, 'node_modules/tsx/dist/cli.mjs');
  return run(process.execPath, [tsx, join(folder, 'scripts/generate-schemas.ts'), '--check']);
}

describe('the files in schemas/', () => {
  it('are what the code says', async () => {
    await expect(checkSchemas(project)).resolves.toMatchObject({ stderr: '' });
  });

  it('are found stale by --check when one is not, without being written', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'afterword-schemas-'));
    try {
      for (const part of ['src', 'scripts', 'schemas', 'package.json', '.prettierrc.json', 'tsconfig.json']) {
        await cp(join(project, part), join(copy, part), { recursive: true });
      }
      await symlink(join(project, 'node_modules'), join(copy, 'node_modules'));
      const stale = join(copy, 'schemas/window-closed.v1.json');
      await writeFile(stale, '{}\n');
      await expect(checkSchemas(copy)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('stale: schemas/window-closed.v1.json') as unknown,
      });
      expect(await readFile(stale, 'utf8')).toBe('{}\n');
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  it.each(schemaFileNames)('%s compiles in strict mode and is draft 2020-12', (fileName) => {
    expect(readSchema(fileName)['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(compileSchema(fileName)).toBeTypeOf('function');
  });

  it.each(publishedSchemas().map(({ fileName }) => fileName))('%s names itself', (fileName) => {
    expect(readSchema(fileName)['$id']).toBe(`https://afterword.dev/schemas/${fileName}`);
  });
});

describe.each(resultEventTypes)('%s', (type) => {
  const validate = compileSchema(resultEventFileName(type));
  const example: Record<string, unknown> = exampleData[type];

  it('accepts what the code accepts', () => {
    expect(resultEventSchemas[type].safeParse(example).error).toBeUndefined();
    validate(example);
    expect(validate.errors).toBeNull();
  });

  it('leaves room for fields of later versions, which this version does not write', () => {
    const later = { ...example, added_later: 1 };
    expect(validate(later)).toBe(true);
    expect(resultEventSchemas[type].safeParse(later).success).toBe(false);
  });

  it.each(Object.keys(example))('refuses one without %s, as the code does', (field) => {
    const partial = Object.fromEntries(Object.entries(example).filter(([name]) => name !== field));
    expect(validate(partial)).toBe(false);
    expect(resultEventSchemas[type].safeParse(partial).success).toBe(false);
  });

  it.each([
    ['sequence', 0],
    ['sequence', '12'],
    ['sequence', 1.5],
    ['bot_id', ''],
  ])('refuses %s %j, as the code does', (field, value) => {
    const wrong = { ...example, [field]: value };
    expect(validate(wrong)).toBe(false);
    expect(resultEventSchemas[type].safeParse(wrong).success).toBe(false);
  });
});

it('an enriched window may name its language, by a tag', () => {
  const type = 'afterword.window.enriched.v1';
  const validate = compileSchema(resultEventFileName(type));
  for (const [language, fits] of [
    ['de', true],
    ['pt-BR', true],
    ['und', true],
    ['German', false],
  ]) {
    const data = { ...exampleData[type], language };
    expect([validate(data), resultEventSchemas[type].safeParse(data).success]).toEqual([fits, fits]);
  }
});

describe('a stage’s result', () => {
  const type = 'afterword.stage.completed.v1';
  const validate = compileSchema(resultEventFileName(type));
  const check = (change: object): readonly [boolean, boolean] => {
    const data = { ...exampleData[type], ...change };
    return [validate(data), resultEventSchemas[type].safeParse(data).success];
  };

  it('may be any JSON for a stage of somebody’s own', () => {
    expect(check({ stage: 'mood', result: [1, { deep: null }] })).toEqual([true, true]);
    expect(check({ stage: 'mood', result: null })).toEqual([true, true]);
    expect(check({ stage: 'constructor', result: 'text' })).toEqual([true, true]);
  });

  it('must be what our own stages promise', () => {
    expect(check({ stage: 'facts', result: { facts: [] } })).toEqual([true, true]);
    expect(check({ stage: 'facts', result: { facts: [{}] } })).toEqual([false, false]);
    expect(check({ stage: 'preferences' })).toEqual([false, false]);
    expect(check({ stage: 'summary', result: null })).toEqual([false, false]);
  });

  it('tells the values of preferences that have a closed vocabulary', () => {
    const says = (key: string, value: string): boolean => {
      const evidence = [{ message_id: 'm1', quote: 'please' }];
      const preference = { key, value, explicit: true, confidence: 0.9, reasoning: 'Asked.', evidence };
      return check({ stage: 'preferences', result: { preferences: [preference] } })[0];
    };
    expect(says('response_length', 'short')).toBe(true);
    expect(says('response_length', 'not long')).toBe(false);
    expect(says('formality_level', 'neutral')).toBe(true);
    expect(says('formality_level', 'stiff')).toBe(false);
    expect(says('use_emojis', 'no')).toBe(true);
    expect(says('use_emojis', 'sometimes')).toBe(false);
    expect(says('preferred_name', 'Sam')).toBe(true);
  });
});

describe('the stages of an enriched window', () => {
  const type = 'afterword.window.enriched.v1';
  const validate = compileSchema(resultEventFileName(type));
  const check = (outcome: object): readonly [boolean, boolean] => {
    const data = { ...exampleData[type], stages: { facts: outcome } };
    return [validate(data), resultEventSchemas[type].safeParse(data).success];
  };
  const done = { status: 'done', stage_version: '1', method: 'model', model: 'some-model' };

  it('have a result exactly where they are done', () => {
    expect(check({ ...done, result: { facts: [] } })).toEqual([true, true]);
    expect(check(done)).toEqual([false, false]);
    expect(check({ status: 'failed', stage_version: '1' })).toEqual([false, false]);
    expect(check({ status: 'pending', stage_version: '1' })).toEqual([false, false]);
  });

  it('never hold a wrong result of our own stages', () => {
    expect(check({ ...done, result: { facts: 'none' } })).toEqual([false, false]);
  });
});
