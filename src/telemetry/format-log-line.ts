import type { FailureDescription } from './failure.ts';

/** `14:03:22.120 INFO  window.enriched windowId=… tookMs=12`, a failure's frames below it. */
export function formatLogLine(json: string): string {
  const { time, level, event, error, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  const head = [text(time).slice(11, 23), text(level).toUpperCase().padEnd(5), text(event), ...pairs].join(
    ' ',
  );
  const failure = isFailure(error) ? formatFailure(error, '  ') : [];
  return printable([head, ...failure].join('\n')) + '\n';
}

function formatFailure(failure: FailureDescription, indent: string): string[] {
  const { class: className, code, message, hint, details, stack = [], causes = [] } = failure;
  const pairs = Object.entries(details ?? {}).map(([name, value]) => `${name}=${value}`);
  const head = [className, code, message && `- ${message}`, ...pairs].filter(Boolean).join(' ');
  return [
    `${indent}${head}`,
    ...(hint ? [`${indent}hint: ${hint}`] : []),
    ...stack.map((frame) => `${indent}  at ${frame}`),
    ...causes.flatMap((cause) => [`${indent}caused by`, ...formatFailure(cause, `${indent}  `)]),
  ];
}

function isFailure(value: unknown): value is FailureDescription {
  return typeof value === 'object' && value !== null && 'class' in value;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Ids come from outside: an escape sequence in one must not reach a terminal. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '?');
}
