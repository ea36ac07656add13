import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Config } from '../../src/config/config.ts';
import { defineStage } from '../../src/extract/define-stage.ts';
import { loadModules } from '../../src/modules/load-modules.ts';
import { noModules } from '../../src/modules/loaded-modules.ts';

const moods = defineStage({
  name: 'moods',
  version: '2',
  minMessages: 3,
  prompt: 'Mood.',
  schema: z.strictObject({ mood: z.string() }),
});
const given = (exports: Readonly<Record<string, unknown>>) => ({ name: 'startAfterword', exports });

describe('what a program gives by itself', () => {
  const config = loadConfig({}, () => '');

  it('is added to the configuration as a module’s would be', async () => {
    const decode = () => undefined;
    const { config: extended, modules } = await loadModules(config, given({ stages: [moods], decode }));
    expect(extended.ownStages).toEqual([{ name: 'moods', version: '2' }]);
    expect(modules).toMatchObject({ stages: [{ name: 'moods', minMessages: 3 }], decode });
    expect(modules.origins).toMatchObject([{ module: 'startAfterword', decodes: true }]);
  });

  it('is refused by its name', async () => {
    await expect(
      loadModules(config, given({ stages: [moods, { ...moods, version: 2 }] })),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        'startAfterword stages.moods.version: expected text such as "1"',
      ) as unknown,
    });
    await expect(loadModules(config, given({ stages: [moods, moods] }))).rejects.toThrow(
      'startAfterword stages.moods.name: is taken by a stage of startAfterword',
    );
  });

  it('is nothing by default', async () => {
    expect(await loadModules(config)).toMatchObject({ config: { ownStages: [] }, modules: noModules });
  });
});

describe('a module’s place', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'afterword-test-places-'));
    const decoding = 'export default { decode: () => undefined };\n';
    writeFileSync(path.join(folder, 'beside.mjs'), decoding);
    const packed = path.join(folder, 'node_modules', 'chat-shapes');
    mkdirSync(packed, { recursive: true });
    writeFileSync(
      path.join(packed, 'package.json'),
      JSON.stringify({ name: 'chat-shapes', exports: './main.mjs' }),
    );
    writeFileSync(path.join(packed, 'main.mjs'), decoding);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const naming = (name: string): Config =>
    loadConfig({ AFTERWORD_CONFIG: path.join(folder, 'afterword.json') }, () =>
      JSON.stringify({ modules: [name] }),
    );

  it.each(['./beside.mjs', 'chat-shapes'])('is beside the configuration file: %s', async (name) => {
    const { modules } = await loadModules(naming(name));
    expect(modules.decode).toBeTypeOf('function');
    expect(modules.origins).toEqual([{ module: name, stages: [], decodes: true }]);
  });
});
