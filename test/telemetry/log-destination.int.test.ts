import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = `
import { createLogger } from './src/telemetry/logger.ts';
import { standardErrorDestination } from './src/telemetry/log-destination.ts';
const isTTY = process.argv[1] === 'terminal';
const log = createLogger({ level: 'info', destination: standardErrorDestination({ fd: 2, isTTY }) });
for (let loop = 0; loop < 200; loop++) log.info('topic.missed', { topic: 'number-' + loop });
process.exit(3);
`;

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const flags = ['--import', 'tsx', '--input-type=module', '--eval', script, '--'];

function runScript(mode: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, mode], { cwd }, (error, stdout, stderr) => {
      resolve({ code: error?.code, stdout, stderr });
    });
  });
}

it('writes every line to standard error before the process ends, and none to standard output', async () => {
  const { code, stdout, stderr } = await runScript('pipe');
  expect(code).toBe(3);
  expect(stdout).toBe('');
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(200);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'topic.missed', topic: 'number-199' });
});

it('writes short lines where a person watches', async () => {
  const { stderr } = await runScript('terminal');
  expect(stderr.split('\n')[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}topic\.missed topic=number-0$/);
});

it('does not end the process when whoever read standard error has gone', async () => {
  const child = spawn(process.execPath, [...flags, 'pipe'], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.destroy();
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect(code).toBe(3);
});
