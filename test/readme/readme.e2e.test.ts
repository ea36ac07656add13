import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedPostgres } from '../../src/adapters/embedded/postgres/open-embedded-postgres.ts';
import { until } from '../support/until.ts';
import { makeEmptyClone, type EmptyClone, type Running } from './empty-clone.ts';
import { missingParts, purposes, readmeBlock, readmeBlocks, readmePath } from './readme-blocks.ts';

describe('README.md', () => {
  let clone: EmptyClone;

  beforeAll(() => {
    clone = makeEmptyClone();
  });

  afterAll(() => {
    clone.remove();
  });

  it('says of every block which test answers for it', () => {
    const known: readonly (string | undefined)[] = purposes;
    const orphans = readmeBlocks().filter(({ purpose }) => !known.includes(purpose));
    expect(orphans.map(({ line }) => `line ${line}`)).toEqual([]);
    for (const purpose of purposes) expect(readmeBlock(purpose).lines.length).toBeGreaterThan(0);
  });

  it('names only files that exist', () => {
    const text = readFileSync(readmePath, 'utf8');
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/gu)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !existsSync(join(clone.folder, link)))).toEqual([]);
  });

  it('names only scripts that package.json has, its test command being the one that runs this', () => {
    const { scripts } = JSON.parse(readFileSync(join(clone.folder, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readFileSync(readmePath, 'utf8').matchAll(/npm run\s([\w:]+)/gu)].map(
      (match) => match[1] ?? '',
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    expect(readmeBlock('this test').lines).toEqual(['npm ci && npm test']);
    expect(scripts['test']).toBe('vitest run');
  });

  it('draws the line of rooms with words that are folders', () => {
    const loops = readmeBlock('picture').lines.flatMap((line) => /loop \d: (\w+)$/u.exec(line)?.[1] ?? []);
    expect(loops).toHaveLength(3);
    for (const loop of loops) expect(existsSync(join(clone.folder, 'src', loop))).toBe(true);
  });

  it('shows a first command that runs in an empty clone, and what it prints', async () => {
    const { lines } = readmeBlock('run');
    expect(lines).toEqual(['npm ci && npm run demo']);
    const demo = await clone.run(lines.join('\n'));
    expect(demo.exitCode, demo.output).toBe(0);
    expect(missingParts(readmeBlock('output of the demo').lines, demo.output)).toEqual([]);
  }, 600_000);

  describe('on an embedded log and Postgres', () => {
    let running: Running;
    const [publish = '', ...looks] = readmeBlock('while it runs').lines;

    beforeAll(() => {
      running = clone.start(readmeBlock('run until stopped').lines.join('\n'));
    });

    it('publishes, and what was published is extracted', async () => {
      const published = await clone.run(publish);
      expect(published.exitCode, published.output).toBe(0);
      expect(published.stdout).toContain('published 464 records to bot.messages');
      await until(
        '40 windows are extracted',
        async () => {
          const { stdout } = await clone.run('npx tsx src/main.ts windows --json');
          const windows = stdout.split('\n').filter((line) => line !== '');
          return windows.filter((line) => line.includes('"status":"enriched"')).length === 40;
        },
        { deadlineMs: 120_000, everyMs: 500 },
      );
    }, 180_000);

    it.each([
      ['status', '0 records behind'],
      ['doctor', 'ok    schema'],
      ['windows', 'nora.viklund'],
      ['show', 'Lives in Coimbra'],
      ['search', 'Luna'],
    ])('shows with %s', async (command, expected) => {
      const [line, ...others] = looks.filter((look) => look.startsWith(`npx tsx src/main.ts ${command}`));
      expect(others).toEqual([]);
      const looked = await clone.run(line ?? 'false');
      expect(looked.exitCode, looked.output).toBe(0);
      expect(looked.stdout).toContain(expected);
    });

    it('shows no further commands there', () => {
      expect(looks).toHaveLength(5);
    });

    it('reads profiles and views by SQL', async () => {
      const statements = readmeBlock('sql')
        .lines.join('\n')
        .split(';')
        .map((text) => text.trim());
      const queries = statements.filter((statement) => statement !== '');
      expect(queries).toHaveLength(4);
      const server = await openEmbeddedPostgres({ dataDir: join(clone.folder, '.afterword') });
      const client = new pg.Client(server.url);
      await client.connect();
      try {
        for (const query of queries) {
          const { rows } = await client.query(query);
          expect(rows.length, query).toBeGreaterThan(0);
        }
      } finally {
        await client.end();
        await server.stop();
      }
    });

    it('stops in good order when it is interrupted', async () => {
      const ran = await running.interrupt();
      expect(ran.output).toContain('"event":"process.stopped"');
      expect(ran.output).not.toMatch(/"level":"(?:warn|error)"/u);
    });
  });

  it('has a library example that type-checks, runs and stops', async () => {
    const example = readmeBlock('typescript').lines.join('\n').replace("'afterword'", "'./src/index.ts'");
    writeFileSync(join(clone.folder, 'example.ts'), example);
    const project = { extends: './tsconfig.json', include: ['example.ts'] };
    writeFileSync(join(clone.folder, 'example.json'), JSON.stringify(project));
    const compiled = await clone.run('npx tsc --project example.json');
    expect(compiled.exitCode, compiled.output).toBe(0);
    const ran = await clone.run('npx tsx example.ts');
    expect(ran.exitCode, ran.output).toBe(0);
    expect(existsSync(join(clone.folder, 'memory'))).toBe(true);
  }, 180_000);
});
