import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

/** Every suite without a service whose results hold dates or times of day. */
const suites = [
  'test/consume/sent-at.test.ts',
  'test/consume/plan-batch.test.ts',
  'test/sessions/cut.test.ts',
  'test/sessions/plan-settings-change.test.ts',
  'test/extract/render-transcript.test.ts',
  'test/extract/validators/validity.test.ts',
  'test/memory/fold-facts.test.ts',
  'test/memory/render-profile.test.ts',
  'test/cli/format-text.test.ts',
];

function runIn(zone: string): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [vitest, 'run', '--no-color', ...suites], {
    cwd: root,
    env: { ...process.env, TZ: zone },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve) => {
    child.on('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

it.each(['America/Los_Angeles', 'Pacific/Chatham'])(
  'gives the same results on a machine whose clock shows the time of %s',
  async (zone) => {
    const { exitCode, output } = await runIn(zone);
    expect(exitCode, output).toBe(0);
  },
  300_000,
);
