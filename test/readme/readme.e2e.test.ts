import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileSchema } from '../schemas/compile-schemas.ts';
import { createTestDatabase } from '../support/database.ts';
import { describeWithKafka, uniqueTopic } from '../support/kafka-suite.ts';
import { readmeBlocks, readmePath, type ReadmeBlock } from './readme-blocks.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const blocks = readmeBlocks();
const withPurpose = (purpose: string): ReadmeBlock[] => blocks.filter((block) => block.purpose === purpose);

/** The files that git would give somebody who clones now, uncommitted ones included, in an empty folder. */
function emptyClone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'afterword-readme-'));
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { force: true });
  }
  return folder;
}

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly output: string;
}

/** A bare environment: what a new user has, and nothing of ours. */
async function shell(
  folder: string,
  script: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH, HOME, DATA_DIR: join(folder, 'data'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exitCode = await new Promise<number>((resolve) => {
    child.on('close', (code) => {
      resolve(code ?? -1);
    });
  });
  return { exitCode, stdout, output: stdout + stderr };
}

describe('README.md', () => {
  let clone: string;

  beforeAll(() => {
    clone = emptyClone();
    // `npm ci` as written runs in CI; elsewhere the packages that are here already serve.
    if (!inCI) symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  });

  afterAll(() => {
    rmSync(clone, { recursive: true, force: true });
  });

  const inCI = (process.env['CI'] ?? '') !== '';

  it('says of every block what becomes of it', () => {
    const known = [
      'run',
      'output of the demo',
      'not run here, it runs this test',
      'needs Kafka',
      'python',
      'typescript',
    ];
    const unknown = blocks.filter(
      ({ purpose, language }) => language !== 'text' && !known.includes(purpose ?? ''),
    );
    expect(unknown.map(({ line }) => `line ${line}`)).toEqual([]);
  });

  it('names only files that exist', () => {
    const links = [...readFileSync(readmePath, 'utf8').matchAll(/\]\(([^)#:]+)\)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(links.length).toBeGreaterThan(5);
    for (const link of links)
      expect(() => execFileSync('ls', [join(clone, link)], { stdio: 'pipe' })).not.toThrow();
  });

  it('shows two commands and more that run in an empty clone, and the output that they give', async () => {
    const commands = withPurpose('run').map(({ text }) => text);
    expect(commands[0]).toBe('npm ci && npm run demo');
    const script = (text: string): string => (inCI ? text : text.replace('npm ci && ', ''));
    const [demo, ...others] = commands;
    const played = await shell(clone, script(demo ?? ''));
    expect(played.exitCode, played.output).toBe(0);
    const shown = withPurpose('output of the demo').flatMap(({ text }) => text.split('\n'));
    for (const line of shown) expect(played.output).toContain(line);
    for (const other of others) {
      const ran = await shell(clone, other);
      expect(ran.exitCode, ran.output).toBe(0);
      if (other.includes(' publish ')) expect(ran.output).toContain('published 464 records to bot.messages');
    }
  }, 600_000);

  it('has a test command that this test is part of', () => {
    const [block] = withPurpose('not run here, it runs this test');
    expect(block?.text).toBe('npm ci && npm test');
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['test']).toBe('vitest run');
  });

  it('has a Python example that compiles and sends a valid event', async () => {
    const [block] = withPurpose('python');
    const file = join(clone, 'publish.py');
    writeFileSync(file, block?.text ?? '');
    const hasPython = await run('python3', ['--version']).then(
      () => true,
      () => false,
    );
    if (!hasPython && !inCI) return;
    await run('python3', ['-m', 'py_compile', file]);
    // The client library is stood in for, so that what the example sends can be read.
    mkdirSync(join(clone, 'kafka'), { recursive: true });
    writeFileSync(
      join(clone, 'kafka', '__init__.py'),
      `class KafkaProducer:
    def __init__(self, **options): self.options = options
    def send(self, topic, key, value):
        print(topic, self.options["key_serializer"](key).decode(), self.options["value_serializer"](value).decode())
    def flush(self): pass
`,
    );
    const { stdout } = await run('python3', [file], { cwd: clone });
    const [topic, key, ...json] = stdout.trim().split(' ');
    expect([topic, key]).toEqual(['bot.messages', 'hazel/ann']);
    const validate = compileSchema('message-event.v1.json');
    expect(validate(JSON.parse(json.join(' '))), JSON.stringify(validate.errors)).toBe(true);
  });

  it('has a library example that type-checks, runs and stops', async () => {
    const [block] = withPurpose('typescript');
    const example = (block?.text ?? '').replace("'afterword'", "'./src/index.ts'");
    writeFileSync(join(clone, 'example.ts'), example);
    await run('npx', ['tsc', '--noEmit', '-p', '.'], { cwd: clone }).catch((error: unknown) => {
      throw new Error(`the example does not type-check: ${String((error as { stdout?: string }).stdout)}`);
    });
    const ran = await shell(clone, 'npx tsx example.ts');
    expect(ran.exitCode, ran.output).toBe(0);
  }, 120_000);
});

describeWithKafka('README.md against Kafka', (brokers) => {
  it('runs the commands for a Kafka and a Postgres of one’s own', async () => {
    const database = await createTestDatabase();
    const clone = emptyClone();
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    try {
      const [block] = withPurpose('needs Kafka');
      const lines = (block?.text ?? '').split('\n').filter((line) => !line.startsWith('export'));
      expect(lines.map((line) => line.replace('npx tsx src/main.ts ', ''))).toEqual([
        'migrate',
        'doctor',
        'run --create-topics',
      ]);
      const environment = {
        KAFKA_BROKERS: brokers.join(','),
        DATABASE_URL: database.url,
        KAFKA_MESSAGES_TOPIC: uniqueTopic('readme'),
        KAFKA_RESULTS_TOPIC: uniqueTopic('readme-results'),
        KAFKA_DEAD_LETTER_TOPIC: uniqueTopic('readme-dead'),
        HTTP_PORT: String(await freePort()),
      };
      expect((await shell(clone, lines[0] ?? '', environment)).exitCode).toBe(0);
      // The topics are not there yet, and the doctor says so.
      const doctor = await shell(clone, lines[1] ?? '', environment);
      expect(doctor.exitCode).toBe(1);
      expect(doctor.output).toContain('--create-topics');
      const running = await shell(
        clone,
        `set -m
         ${lines[2] ?? ''} & pid=$!
         for _ in $(seq 100); do curl -fs http://127.0.0.1:$HTTP_PORT/readyz && break; sleep 0.2; done
         npx tsx src/main.ts doctor
         # The whole group, as Ctrl-C does: npx passes no signal on.
         kill -TERM -- -$pid
         for _ in $(seq 150); do pgrep -g $pid > /dev/null || exit 0; sleep 0.2; done
         exit 1`,
        environment,
      );
      expect(running.exitCode, running.output).toBe(0);
      expect(running.output).toContain('"ready":true');
    } finally {
      rmSync(clone, { recursive: true, force: true });
      await database.drop();
    }
  }, 120_000);
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}
