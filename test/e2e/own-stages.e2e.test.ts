import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compileSchema } from '../schemas/compile-schemas.ts';
import { byLoader, runAfterword, type Finished } from '../support/afterword-process.ts';
import { answer, honestDrafts } from '../support/anthropic-replies.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { until } from '../support/until.ts';
import { startWorker, type WorkerProcess } from '../support/worker-process.ts';

const examples = fileURLToPath(new URL('../../docs/examples/', import.meta.url));
const planted = 'Zanzibarmoonflower';
/** Modules that import `afterword`, and those in TypeScript, want the loader. */
const run = (
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input?: string,
): Promise<Finished> => runAfterword(args, environment, input, undefined, byLoader);

const startMs = Date.UTC(2026, 0, 5, 9);

const turns = [
  ['user', `Is the pool near ${planted} open on Sundays?`],
  ['assistant', 'I will look that up for you.'],
  ['user', 'Thanks, you understood me at once.'],
  ['assistant', 'Happy to help.'],
  ['user', 'And what does a ticket cost?'],
] as const;

const conversation = turns.map(([role, content], turn) => ({
  id: `m${turn + 1}`,
  bot_id: 'aria',
  user_id: 'ann',
  role,
  content,
  sent_at: new Date(startMs + turn * 60_000).toISOString(),
}));

const open = {
  question: 'Whether the pool is open on Sundays',
  topic: 'pool',
  why_open: 'promised-for-later',
  evidence: [{ line: 1, quote: `Is the pool near ${planted} open on Sundays?` }],
};
const answered: Readonly<Record<string, unknown>> = {
  'open-questions': {
    questions: [open, { ...open, topic: 'boat', evidence: [{ line: 1, quote: 'Where is my boat?' }] }],
  },
  'conversation-quality': {
    scores: [
      {
        aspect: 'understanding',
        score: 5,
        reason: 'The user said so.',
        evidence: [{ line: 3, quote: 'you understood me at once' }],
      },
    ],
  },
  broken: { mood: 'bright' },
};

const brokenModule = `import { defineStage, z } from 'afterword';
const broken = defineStage({
  name: 'broken', version: '1', minMessages: 1, prompt: 'Mood.', schema: z.strictObject({ mood: z.string() }),
  check: (_draft, transcript) => { throw new TypeError(transcript.lines[0].message.content); },
});
export default { stages: [broken] };
`;

const decodingModule = `export const decode = ({ value }) => {
  const { bot_id, user_id, lines } = JSON.parse(value.toString());
  return lines.map(([id, role, content, sent_at]) => ({ id, bot_id, user_id, role, content, sent_at }));
};
`;

/** The examples of the documents in a folder of a user's own, a real worker, a real Postgres with the log in it. */
describeWithPostgres('modules of a user’s own', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let claude: AnthropicServer;
  let folder: string;
  let worker: WorkerProcess | undefined;
  let environment: Record<string, string>;

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    claude = await AnthropicServer.start();
    claude.byDefault = answer((question) => {
      const own = question.fields
        .filter((field) => field in answered)
        .map((field) => [field, answered[field]]);
      return { ...honestDrafts(question), ...(Object.fromEntries(own) as object) };
    });
    folder = mkdtempSync(path.join(tmpdir(), 'afterword-test-own-'));
    for (const name of ['open-questions.ts', 'conversation-quality.ts']) {
      copyFileSync(path.join(examples, name), path.join(folder, name));
    }
    writeFileSync(path.join(folder, 'broken.mjs'), brokenModule);
    writeFileSync(path.join(folder, 'decoding.mjs'), decodingModule);
    environment = {
      DATABASE_URL: database.url,
      SESSION_GRACE: '1s',
      AFTERWORD_CONFIG: path.join(folder, 'afterword.json'),
    };
  });

  afterEach(async () => {
    const ended = await worker?.stop();
    worker = undefined;
    await claude.close();
    await pool.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
    expect(claude.refusals).toEqual([]);
    expect(`${ended?.stdout ?? ''}${ended?.stderr ?? ''}`).not.toContain(planted);
  });

  function configure(file: object, withModel = true): void {
    writeFileSync(path.join(folder, 'afterword.json'), JSON.stringify(file));
    if (withModel)
      Object.assign(environment, { ANTHROPIC_API_KEY: testApiKey, ANTHROPIC_BASE_URL: claude.baseURL });
    worker = startWorker('consume,extract,publish', environment, { program: byLoader });
  }

  async function publish(records: readonly object[]): Promise<void> {
    const lines = records.map((record) => JSON.stringify(record)).join('\n');
    const { exitCode, stderr } = await run(['publish', '-'], environment, lines);
    expect(exitCode, stderr).toBe(0);
  }

  async function rows<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    return (await pool.query<Row>(sql)).rows;
  }

  async function extracted(): Promise<void> {
    await until('the window to be extracted and its events to be sent', async () => {
      const [state] = await rows<{ over: boolean }>(
        `select (select count(*) from afterword.extractions where status in ('done', 'failed')) = 1
           and not exists (select from afterword.outbox where sent_at is null and destination = 'results') as over`,
      );
      if (worker?.child.exitCode !== null) throw new Error(`the worker has ended: ${worker?.output() ?? ''}`);
      return state?.over === true;
    });
  }

  interface Task {
    readonly ended: string;
    readonly result: unknown;
    readonly rejected: unknown;
  }
  const tasks = async (): Promise<ReadonlyMap<string, Task>> => {
    const found = await rows<Task & { stage: string }>(
      `select stage, concat_ws(' ', status, method, stage_version, reason, error_code) as ended, result, rejected
       from afterword.stage_tasks`,
    );
    return new Map(found.map(({ stage, ...task }) => [stage, task]));
  };

  async function json(...args: string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await run([...args, '--json'], environment);
    expect(exitCode, stderr).toBe(0);
    return JSON.parse(stdout.split('\n')[0] ?? '') as Record<string, unknown>;
  }

  const questions = {
    questions: [{ ...open, evidence: [{ message_id: 'm1', quote: open.evidence[0]?.quote }] }],
  };
  const quality = {
    average: 5,
    scores: [
      {
        aspect: 'understanding',
        score: 5,
        reason: 'The user said so.',
        evidence: [{ message_id: 'm3', quote: 'you understood me at once' }],
      },
    ],
  };

  it('are asked in the one call, and their checked results reach the table, the topic and the commands', async () => {
    configure({
      modules: ['./open-questions.ts', './conversation-quality.ts'],
      stages: { preferences: { enabled: false } },
    });
    await publish(conversation);
    await extracted();
    expect(claude.calls.map(({ question }) => question.fields)).toEqual([
      ['summary', 'facts', 'open-questions', 'conversation-quality'],
    ]);
    const ended = await tasks();
    expect(ended.get('open-questions')).toEqual({
      ended: 'done model 1',
      result: questions,
      rejected: { 'quote-not-found': 1 },
    });
    expect(ended.get('conversation-quality')).toMatchObject({ ended: 'done model 1', result: quality });
    const events = await rows<{ event: Record<string, unknown> }>(
      `select event from afterword.outbox where event_type = 'afterword.stage.completed.v1' and sent_at is not null`,
    );
    const validate = compileSchema('stage-completed.v1.json');
    for (const { event } of events) expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
    const told = new Map(events.map(({ event }) => [event['stage'], event]));
    expect(told.get('open-questions')).toMatchObject({
      stage_version: '1',
      method: 'model',
      result: questions,
    });
    expect(told.get('conversation-quality')).toMatchObject({ stage_version: '1', result: quality });
    expect(await json('show', 'aria', 'ann')).toMatchObject({
      stages: {
        'conversation-quality': [{ stage_version: '1', result: quality }],
        'open-questions': [{ stage_version: '1', result: questions }],
      },
    });
    expect(await json('windows')).toMatchObject({
      status: 'enriched',
      stages: { summary: 'done', facts: 'done', 'open-questions': 'done', 'conversation-quality': 'done' },
    });
    const listed = await run(['windows'], environment);
    expect(listed.stdout).toContain('conversation-quality done');
    expect(await json('settings', 'show')).toMatchObject({
      stages: [
        { name: 'open-questions', version: '1' },
        { name: 'conversation-quality', version: '1' },
      ],
      extraction: {
        recorded: { 'stages.open-questions.version': '1', 'stages.conversation-quality.version': '1' },
      },
      differences: [],
    });
    const doctor = await run(['doctor'], environment);
    expect(doctor.stdout).toContain('./open-questions.ts: stage open-questions (version 1)');
  }, 240_000);

  it('lose a stage that throws, and nothing beside it', async () => {
    configure({ modules: ['./broken.mjs', './open-questions.ts'] });
    await publish(conversation);
    await extracted();
    const ended = await tasks();
    expect(Object.fromEntries([...ended].map(([stage, task]) => [stage, task.ended]))).toMatchObject({
      facts: 'done model 3',
      'open-questions': 'done model 1',
      broken: 'failed 1 STAGE_FAILED',
    });
    const [line] = worker?.logged('stage.failed') ?? [];
    expect(line).toMatchObject({ stage: 'broken' });
    expect(JSON.stringify(line)).toMatch(/STAGE_FAILED.*TypeError.*broken\.mjs/);
  }, 240_000);

  it('run without a model where they can, and say why they do not', async () => {
    configure({ modules: ['./open-questions.ts', './conversation-quality.ts'] }, false);
    await publish(conversation);
    await extracted();
    const ended = await tasks();
    expect(ended.get('open-questions')).toMatchObject({
      ended: 'done offline 1',
      result: { questions: [{ why_open: 'unanswered', evidence: [{ message_id: 'm5' }] }] },
    });
    expect(ended.get('conversation-quality')).toMatchObject({ ended: 'skipped 1 no-offline-form' });
  }, 240_000);

  it('decode records of another shape, each into one place', async () => {
    configure({ modules: ['./decoding.mjs'] }, false);
    const chat = { bot_id: 'aria', user_id: 'ann' };
    const line = ({ id, role, content, sent_at: sentAt }: (typeof conversation)[number]) => [
      id,
      role,
      content,
      sentAt,
    ];
    await publish([
      { ...chat, lines: conversation.slice(0, 2).map(line) },
      { ...chat, lines: [] },
      { ...chat, unheard: planted },
      { ...chat, lines: [...conversation.slice(2).map(line), ['m9', 'dancer', planted, null]] },
    ]);
    await extracted();
    const messages = await rows<{ message_id: string }>(
      'select message_id from afterword.messages order by sent_at_ms',
    );
    expect(messages.map(({ message_id: id }) => id)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    expect(
      await rows('select record_offset::int as at, reason, detail from afterword.dead_letters order by 1'),
    ).toEqual([
      { at: 2, reason: 'decoder-failed', detail: 'decode threw (TypeError)' },
      { at: 3, reason: 'invalid-fields', detail: 'event 4: role: unknown role' },
    ]);
    expect(await rows('select type, records::int from afterword.ignored_records')).toEqual([
      { type: 'decoded-to-nothing', records: 1 },
    ]);
  }, 240_000);
});
