import { execFile } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackage, type InstalledPackage } from './installed-package.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ran {
  readonly exitCode: number;
  readonly output: string;
}

describe('the package', () => {
  let installed: InstalledPackage;
  let main: string;

  beforeAll(() => {
    installed = installPackage();
    main = join(installed.folder, 'node_modules', 'afterword', 'dist', 'main.js');
  }, 300_000);

  afterAll(() => {
    installed.remove();
  });

  async function node(...args: string[]): Promise<Ran> {
    const { PATH = '', HOME = '' } = process.env;
    const config = join(installed.folder, 'afterword.json');
    const own = existsSync(config) ? { AFTERWORD_CONFIG: config } : {};
    const options = {
      cwd: installed.folder,
      env: { PATH, HOME, DATA_DIR: join(installed.folder, 'data'), ...own },
    };
    try {
      const { stdout, stderr } = await run(process.execPath, args, options);
      return { exitCode: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { exitCode: code, output: stdout + stderr };
    }
  }

  it.each(['migrations', 'prompts/1', 'schemas', 'samples'])('holds all of %s', (folder) => {
    const present = readdirSync(join(root, folder)).filter((name) => !name.startsWith('.'));
    expect(present.length).toBeGreaterThan(0);
    for (const name of present) expect(installed.files).toContain(`${folder}/${name}`);
  });

  it('holds what was built and documents, and neither sources nor tests', () => {
    for (const file of ['dist/main.js', 'dist/index.js', 'dist/index.d.ts', 'README.md', 'LICENSE']) {
      expect(installed.files).toContain(file);
    }
    const folders = new Set(installed.files.map((path) => path.split('/')[0]));
    for (const folder of ['src', 'test', 'scripts', 'node_modules', '.ci']) {
      expect(folders.has(folder)).toBe(false);
    }
  });

  it('has a command that tells its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await node(main, '--version')).toEqual({ exitCode: 0, output: `${version}\n` });
    const help = await node(main, '--help');
    expect(help.exitCode).toBe(0);
    expect(help.output).toContain('Turns finished conversations into memory.');
    expect((await node(main, 'no-such-command')).exitCode).toBe(2);
  });

  it('plays the demo with nothing but its own files', async () => {
    const demo = await node(main, 'demo');
    expect(demo.exitCode, demo.output).toBe(0);
    expect(demo.output).toContain('Owns a cat named Luna');
  }, 180_000);

  it('runs in a program that imports it, which ends by itself afterwards', async () => {
    writeFileSync(join(installed.folder, 'program.js'), program);
    const ran = await node('program.js');
    expect(ran.exitCode, ran.output).toBe(0);
    expect(ran.output).toContain('ready true');
    expect(ran.output).toContain('Message event');
  }, 180_000);

  it('refuses a faulty configuration by its code, with every fault, and leaves nothing running', async () => {
    writeFileSync(join(installed.folder, 'faulty.js'), faultyProgram);
    const ran = await node('faulty.js');
    expect(ran.exitCode, ran.output).toBe(0);
    expect(ran.output).toContain('CONFIG_INVALID');
    expect(ran.output).toMatch(/SESSION_GAP[\s\S]+HTTP_PORT/u);
  });

  it('runs the documents’ example of a stage in plain JavaScript, and says where it cannot load TypeScript', async () => {
    const example = join(
      installed.folder,
      'node_modules',
      'afterword',
      'docs',
      'examples',
      'open-questions.ts',
    );
    const config = join(installed.folder, 'afterword.json');
    cpSync(example, join(installed.folder, 'open-questions.mjs'));
    cpSync(example, join(installed.folder, 'open-questions.ts'));
    writeFileSync(config, JSON.stringify({ modules: ['./open-questions.mjs'] }));
    const told = await node(main, 'doctor');
    expect(told.output).toContain('./open-questions.mjs: stage open-questions (version 1)');
    writeFileSync(config, JSON.stringify({ modules: ['./open-questions.ts'] }));
    const refused = await node(main, 'doctor');
    const loadsTypeScript = 'typescript' in process.features && process.features.typescript !== false;
    if (!loadsTypeScript) {
      expect(refused).toMatchObject({
        exitCode: 2,
        output: expect.stringContaining(
          'this Node.js cannot load TypeScript (ERR_UNKNOWN_FILE_EXTENSION)',
        ) as unknown,
      });
    }
    rmSync(config);
  }, 180_000);

  it('has types that a strict project checks, declarations included', async () => {
    writeFileSync(join(installed.folder, 'consumer.ts'), consumer);
    writeFileSync(join(installed.folder, 'tsconfig.json'), JSON.stringify(strictProject));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const checked = await node(compiler, '--project', installed.folder);
    expect(checked).toEqual({ exitCode: 0, output: '' });
  }, 180_000);
});

const program = `
import { readFile } from 'node:fs/promises';
import { startAfterword, messageEventSchema, resultEventTypes } from 'afterword';

const event = { id: 'm-1', bot_id: 'hazel', user_id: 'ann', role: 'user', content: 'I live in Lyon.' };
messageEventSchema.parse(event);
if (resultEventTypes.length === 0) throw new Error('no result events');
const schema = await readFile(new URL(import.meta.resolve('afterword/schemas/message-event.v1.json')), 'utf8');
console.log(JSON.parse(schema).title);

const afterword = await startAfterword({ environment: { DATA_DIR: './embedded', HTTP_PORT: '0' } });
await afterword.publish([event]);
const response = await fetch(\`http://\${afterword.http.host}:\${afterword.http.port}/readyz\`);
console.log('ready', (await response.json()).ready);
await Promise.all([afterword.stop(), afterword.stop()]);
`;

const faultyProgram = `
import { startAfterword, AfterwordError } from 'afterword';

try {
  await startAfterword({ environment: { SESSION_GAP: 'soon', HTTP_PORT: 'any' } });
  throw new Error('it started');
} catch (error) {
  if (!(error instanceof AfterwordError)) throw error;
  console.log(error.code, error.message);
}
`;

const consumer = `
import { citationsSchema, defineStage, startAfterword, resultEventSchemas, verifyCitations, z } from 'afterword';
import type { DecodeFunction, StageDefinition } from 'afterword';
import type { Afterword, FactResult, MessageEvent, ResultEvent, ResultEventData } from 'afterword';

export const said: MessageEvent = { id: 1, bot_id: 'hazel', user_id: 'ann', role: 'user', content: 'Hello' };
export const ended: MessageEvent = { type: 'session.end', bot_id: 'hazel', user_id: 'ann' };
// @ts-expect-error there is no such role
export const wrong: MessageEvent = { bot_id: 'hazel', user_id: 'ann', role: 'robot', content: 'Hello' };

export function countOf(data: ResultEventData<'afterword.window.closed.v1'>): number {
  return data.message_count;
}
export function quotes(fact: FactResult): string[] {
  return fact.evidence.map((evidence) => evidence.quote);
}
export function idOf(event: ResultEvent): string {
  return event.type === 'afterword.user.erased.v1' ? event.data.erased_at : event.id;
}
export const closed = resultEventSchemas['afterword.window.closed.v1'];
export function start(): Promise<Afterword> {
  return startAfterword({ environment: process.env, roles: ['consume', 'serve'], log: process.stderr });
}
export const promises = defineStage({
  name: 'promises',
  version: '1',
  minMessages: 1,
  prompt: 'What the user promised.',
  schema: z.strictObject({ kept: z.array(z.strictObject({ text: z.string(), evidence: citationsSchema })) }),
  check: (draft, transcript) => ({
    result: draft.kept.filter(({ evidence }) => verifyCitations(evidence, transcript).held),
  }),
  offline: () => ({ kept: [] }),
});
export const own: readonly StageDefinition[] = [promises];
export const decode: DecodeFunction = ({ value }) => (value === null ? null : { content: value.toString() });
export const withOwn = () => startAfterword({ environment: {}, stages: [promises], decode });
// @ts-expect-error a stage has a version
export const unversioned = () => defineStage({ name: 'x', minMessages: 1, prompt: 'p', schema: z.string() });
// @ts-expect-error there is no such role of a process
export const wrongRole = () => startAfterword({ environment: {}, roles: ['dream'] });
`;

const strictProject = {
  compilerOptions: {
    target: 'es2022',
    lib: ['es2023'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  },
  include: ['consumer.ts'],
};
