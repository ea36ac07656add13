import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { reportFailure } from '../../src/cli/report-failure.ts';
import { ensureError } from '../../src/errors.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';
import { commandHarness } from './command-harness.ts';

const said = (id: string, role: string, content: string, minute: number): object => ({
  id,
  bot_id: 'aria',
  user_id: 'ann',
  role,
  content,
  sent_at: `2026-01-05T09:0${String(minute)}:00Z`,
});

const badminton = {
  id: 'badminton',
  half: 'tuned',
  messages: [
    said('m1', 'user', 'Hello! I play badminton every weekend.', 0),
    said('m2', 'assistant', 'How nice! Where do you play?', 1),
    said('m3', 'user', 'In a hall near the harbour.', 2),
    said('m4', 'assistant', 'Enjoy it!', 3),
    said('m5', 'user', 'I am very happy about it.', 4),
  ],
  expected: {
    exhaustive: true,
    facts: [
      { relation: ['plays', 'knows'], entity: ['badminton'], evidence: ['m1'] },
      { relation: 'owns', entity: ['spaceship'], evidence: ['m3'] },
    ],
    topics: [['badminton']],
    tone: ['neutral'],
  },
};
const lyon = {
  id: 'lyon',
  half: 'untouched',
  messages: [said('m1', 'user', 'I live in Lyon and I work as a nurse.', 0)],
  expected: { facts: [{ relation: 'lives_in', entity: ['Lyon'], evidence: ['m1'] }] },
};

interface Ran {
  readonly code: number;
  readonly out: string[];
  readonly notes: string;
}

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterword-evaluate-'));
  file = await write('labelled.jsonl', badminton, lyon);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function write(name: string, ...lines: unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}

/** As the entry point runs it. */
async function evaluate(environment: Record<string, string>, ...args: string[]): Promise<Ran> {
  const { context, out, notes } = commandHarness(environment);
  let code: number;
  try {
    code = await runProgram(['evaluate', ...args], () => context, '0.0.0-test');
  } catch (error) {
    code = reportFailure(ensureError(error), context.output);
  }
  return { code, out, notes: notes.join('\n') };
}

const offline = (...args: string[]): Promise<Ran> => evaluate({}, ...args);

interface Total {
  readonly conversations: number;
  readonly facts: Readonly<Record<string, unknown>> | null;
  readonly grounding: object;
  readonly usage: { readonly calls: number; readonly output_tokens: number };
  readonly stages: Readonly<Record<string, number>>;
}

function totalOf({ out }: Ran): Total {
  return JSON.parse(out.at(-1) ?? '') as Total;
}

describe('afterword evaluate, without a key', () => {
  it('reports recall, precision, topics, tone and grounding, and lists what was missed', async () => {
    const ran = await offline(file);
    const text = ran.out.join('\n');
    expect(ran.code).toBe(0);
    expect(text).toContain('2 conversations, 1 of them with exhaustive labels');
    expect(text).toMatch(/^facts +3 +2 +0\.67/m);
    expect(text).toMatch(/^ {2}owns|^ {2}has +1 +0 +0\.00/m);
    expect(text).toMatch(/grounding: (\d+) of \1 quotes/);
    expect(text).toMatch(/badminton +owns +spaceship +m3/);
    expect(ran.notes).toContain('2 of 2 conversations');
    expect(ran.notes).not.toMatch(/harbour|nurse/);
  });

  it('gives a program a line for each conversation and one for all', async () => {
    const ran = await offline(file, '--json', '--offline');
    expect(ran.out.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual([
      'conversation',
      'conversation',
      'total',
    ]);
    expect(totalOf(ran)).toMatchObject({
      conversations: 2,
      facts: { expected: 3, hit: 2, recall: 2 / 3 },
      grounding: { share: 1 },
      usage: { calls: 0 },
    });
  });

  it('takes one half, and only the stages that are named', async () => {
    const ran = await offline(file, '--json', '--half', 'untouched', '--stage', 'facts');
    expect(totalOf(ran)).toMatchObject({
      conversations: 1,
      facts: { expected: 1, hit: 1 },
      preferences: null,
      topics: null,
      stages: { 'facts done': 1 },
    });
  });

  it('ends with 1 below the least recall or precision that was asked for, and only then', async () => {
    expect((await offline(file, '--min-recall', '0.6')).code).toBe(0);
    const below = await offline(file, '--min-recall', '0.7');
    expect(below.code).toBe(1);
    expect(below.notes).toContain('recall of facts is 0.6667; at least 0.7 was asked for');
    const uncounted = await offline(file, '--half', 'untouched', '--min-precision', '0');
    expect(uncounted.code).toBe(1);
    expect(uncounted.notes).toContain('precision of facts could not be counted');
  });

  it.each<[fault: string, args: string[], told: string]>([
    ['a share above 1', ['--min-recall', '2'], ''],
    ['a half that does not exist', ['--half', 'third'], ''],
    ['a stage that does not exist', ['--stage', 'facts,moods'], 'stages are summary, facts, preferences'],
    ['a model together with --offline', ['--offline', '--model', 'some-model'], 'leave out --model'],
    ['a strategy together with --offline', ['--offline', '--strategy', 'default'], 'and --strategy'],
    ['a model without a key', ['--model', 'some-model'], 'ANTHROPIC_API_KEY'],
    ['a strategy without a key', ['--strategy', 'default'], 'ANTHROPIC_API_KEY'],
  ])('ends with 2 for %s', async (_fault, args, told) => {
    const ran = await offline(file, ...args);
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain(told);
    expect(ran.out).toEqual([]);
  });

  it('ends with 2 for a file that cannot be used, with the line and without its words', async () => {
    const bad = await offline(
      await write('bad.jsonl', lyon, { ...lyon, id: 'second', expected: { fact: [] } }),
    );
    expect(bad.code).toBe(2);
    expect(bad.notes).toContain('line 2: expected');
    expect(bad.notes).not.toContain('nurse');
    expect((await offline(join(folder, 'none.jsonl'))).code).toBe(2);
    const none = await offline(await write('lyon.jsonl', lyon), '--half', 'tuned');
    expect(none.code).toBe(2);
    expect(none.notes).toContain('no conversation is of the tuned half');
  });

  it('starts nothing and leaves nothing behind', async () => {
    const project = join(import.meta.dirname, '../..');
    const data = join(folder, 'data');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(project, 'node_modules/tsx/dist/cli.mjs'),
        join(project, 'src/main.ts'),
        'evaluate',
        file,
        '--json',
      ],
      { cwd: folder, env: { PATH: process.env['PATH'] ?? '', DATA_DIR: data } },
    );
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(existsSync(data)).toBe(false);
  });
});

describe('afterword evaluate, with a model', () => {
  let server: AnthropicServer;
  beforeAll(async () => {
    server = await AnthropicServer.start({ models: ['claude-haiku-5-5', 'own-model'] });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.reset();
  });

  const asked = (...args: string[]): Promise<Ran> =>
    evaluate({ ANTHROPIC_API_KEY: testApiKey, ANTHROPIC_BASE_URL: server.baseURL }, ...args);

  it('asks it as extraction does, one call a conversation, and counts calls and tokens', async () => {
    const ran = await asked(file, '--json', '--model', 'own-model');
    expect(ran.code).toBe(0);
    expect(server.refusals).toEqual([]);
    expect(server.calls.map(({ request }) => request.model)).toEqual(['own-model', 'own-model']);
    expect(server.calls.map(({ question }) => question.fields.length).sort()).toEqual([1, 3]);
    const total = totalOf(ran);
    // The honest model of the tests knows the longest word of the first sentence.
    expect(total.facts).toMatchObject({ expected: 3, hit: 1 });
    expect(total.usage.calls).toBe(2);
    expect(total.usage.output_tokens).toBeGreaterThan(0);
    expect(total.grounding).toMatchObject({ share: 1 });
  });

  it('takes the same answers through the same checks: a quote that nobody said is refused and counted', async () => {
    server.byDefault = replies.answer((question) => ({
      ...replies.honestDrafts(question),
      facts: {
        facts: [
          {
            relation: 'plays',
            predicate: null,
            entity_name: 'badminton',
            entity_type: 'hobby',
            attributes: [],
            polarity: 'positive',
            modality: 'stated',
            confidence: 0.9,
            valid_from: null,
            valid_to: null,
            evidence: [{ line: 1, quote: 'I have always played badminton' }],
          },
        ],
      },
    }));
    const ran = await asked(file, '--half', 'tuned');
    expect(ran.out.join('\n')).toContain('refused by the checks: facts quote-not-found 1');
    expect(ran.out.join('\n')).toMatch(/^facts +2 +0 +0\.00/m);
  });

  it('counts a failed stage as one that found nothing, and goes on', async () => {
    server.byQuestion = ({ lines }) => (lines.length === 1 ? replies.refusal() : undefined);
    const ran = await asked(file, '--json');
    expect(ran.code).toBe(0);
    expect(totalOf(ran).stages).toMatchObject({ 'facts done': 1, 'facts failed (MODEL_REFUSED)': 1 });
  });

  it('ends with 1 at once where the key is refused', async () => {
    server.byDefault = replies.badCredentials();
    const ran = await asked(file, '--json');
    expect(ran.code).toBe(1);
    expect(ran.notes).toContain('MODEL_CREDENTIALS');
    expect(ran.out).toEqual([]);
  });

  it('takes one strategy for everybody, and names those that there are', async () => {
    expect((await asked(file, '--strategy', 'default')).code).toBe(0);
    expect(server.calls.map(({ request }) => request.model)).toEqual([
      'claude-haiku-5-5',
      'claude-haiku-5-5',
    ]);
    const unheard = await asked(file, '--strategy', 'unheard');
    expect(unheard.code).toBe(2);
    expect(unheard.notes).toContain('its strategies are default');
  });

  it('asks nobody with --offline', async () => {
    expect((await asked(file, '--offline')).code).toBe(0);
    expect(server.calls).toEqual([]);
  });
});
