import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const itself = path.relative(root, fileURLToPath(import.meta.url));

/** Every suite that needs no service: whatever shows or reckons with a time of day is tested there. */
const suites = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((file) => path.join('test', file))
  .filter((file) => file.endsWith('.test.ts') && !/\.(int|e2e)\.test\.ts$/.test(file) && file !== itself);

function runIn(zone: string): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  // Loading the modules anew for each file would take as long as the tests.
  const child = spawn(process.execPath, [vitest, 'run', '--no-color', '--no-isolate', ...suites], {
    cwd: root,
    env: {
      ...process.env,
      TZ: zone,
      // Some speak of the services; none needs them, and in CI a missing one would end the run.
      AFTERWORD_TEST_NO_KAFKA: '1',
      AFTERWORD_TEST_NO_POSTGRES: '1',
      CI: '',
    },
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

/** In its own zone this run has them already. */
const elsewhere = ['America/Los_Angeles', 'Pacific/Chatham'].filter((zone) => zone !== process.env['TZ']);

it.concurrent.each(elsewhere)(
  'gives the same results on a machine whose clock shows the time of %s',
  async (zone) => {
    const { exitCode, output } = await runIn(zone);
    expect(exitCode, output.slice(-8_000)).toBe(0);
  },
  600_000,
);
