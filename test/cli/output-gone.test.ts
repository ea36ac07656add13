import { expect, it } from 'vitest';
import { startAfterword } from '../support/afterword-process.ts';

it('ends quietly when whoever read its output has seen enough', async () => {
  const command = startAfterword(['--help'], {});
  command.child.stdout?.destroy();
  const { exitCode, stderr } = await command.finished;
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});
