import { expect, it } from 'vitest';
import { reportFailure } from '../../src/cli/report-failure.ts';
import { AfterwordError } from '../../src/errors.ts';

function reported(error: Error): { code: number; text: string } {
  const lines: string[] = [];
  const code = reportFailure(error, { note: (line) => lines.push(line) });
  return { code, text: lines.join('\n') };
}

it('says of a foreign error what kind it is and where it came from, and nothing that it says', () => {
  const { code, text } = reported(new TypeError('PLANTED first line\nPLANTED second line'));
  expect(code).toBe(1);
  expect(text).toContain('afterword: failed (TypeError)');
  expect(text).toContain('report-failure.test.ts');
  expect(text).not.toContain('PLANTED');
});

it('says of ours what happened and what to do', () => {
  const { code, text } = reported(new AfterwordError('INPUT_INVALID', 'line 3 is bad', { hint: 'mend it' }));
  expect(code).toBe(2);
  expect(text).toBe('afterword: line 3 is bad\n  mend it');
});
