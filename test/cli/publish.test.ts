import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKey } from '../../src/cli/json-lines.ts';
import { PublishProgress } from '../../src/cli/publish-progress.ts';
import { runPublish } from '../../src/cli/publish.ts';
import type { OutgoingRecord } from '../../src/publish/record-sink.ts';
import { commandHarness } from './command-harness.ts';

it('keys records by bot and user, also where ids are integers', () => {
  expect(userKey({ bot_id: 'aria', user_id: 17 })).toBe('aria/17');
  expect(userKey({ bot_id: 'aria', user_id: 1.5 })).toBeNull();
  expect(userKey({ bot_id: 'aria' })).toBeNull();
});

it('shows the rate and, of a file, the time left', () => {
  const shown: string[] = [];
  const output = { progress: (line: string): void => void shown.push(line) };
  new PublishProgress(output, 4_000, 0).sent(500, 1_000, 10_000);
  new PublishProgress(output, undefined, 0).sent(500, 1_000, 10_000);
  expect(shown).toEqual(['published 500 records, 50/s, 30 s left', 'published 500 records, 50/s']);
});

describe('afterword publish', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'afterword-publish-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('tells how many records were published when it is interrupted', async () => {
    const file = join(folder, 'events.jsonl');
    const line = JSON.stringify({ bot_id: 'b', user_id: 'u', content: 'c' });
    await writeFile(file, `${line}\n`.repeat(1_200));
    // Nobody is asked there: the sink is this test's own.
    const { context, notes, out } = commandHarness({ KAFKA_BROKERS: '127.0.0.1:1' });
    const stop = new AbortController();
    const sent: OutgoingRecord[] = [];
    const sink = {
      send: (records: readonly OutgoingRecord[]): Promise<void> => {
        sent.push(...records);
        stop.abort(new Error('stopped by SIGINT'));
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
    };
    const interrupted = { ...context, signal: stop.signal, openSink: () => sink };
    await expect(runPublish(interrupted, { file, createTopics: false })).rejects.toThrow('SIGINT');
    expect(sent).toHaveLength(500);
    expect(notes).toContain('published 500 records before it ended');
    expect(out).toEqual([]);
  });
});
