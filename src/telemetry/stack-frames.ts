const maxFrames = 20;

/**
 * `at name (place:line:column)`, `at place:line:column`, `at async …`. A place is a file,
 * a URL or a module of Node, so that a sentence that begins with "at" is not one.
 */
const framePattern =
  /^\s+at (?:async )?(?:[\w$.<>#[\] ]{1,160} \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()\n]{0,400}:\d+:\d+\)?$/;

/**
 * Where an error came from, without what it says: a stack begins with the message,
 * which may have many lines and may itself look like frames.
 */
export function stackFrames(error: Error): readonly string[] {
  const stack = stackOf(error);
  const lines = afterMessage(stack, error).split('\n');
  // Frames stand together at the end; whatever is above the last other line is no frame.
  const lastOther = lines.findLastIndex((line) => line.trim() !== '' && !isNoise(line));
  return lines
    .slice(lastOther + 1)
    .filter((line) => framePattern.test(line))
    .slice(0, maxFrames)
    .map((line) => line.trim().replace(/^at /, ''));
}

/** A frame, or one without a place that can be read: `at new Promise (<anonymous>)`. */
function isNoise(line: string): boolean {
  return (
    framePattern.test(line) || /^\s+at [\w$.<>#[\] ]{1,160} \((?:<anonymous>|native|index \d+)\)$/.test(line)
  );
}

function afterMessage(stack: string, error: Error): string {
  const message: unknown = error.message;
  if (typeof message !== 'string' || message === '') return stack;
  const found = stack.indexOf(message);
  return found < 0 ? stack : stack.slice(found + message.length);
}

function stackOf(error: Error): string {
  try {
    const stack: unknown = error.stack;
    return typeof stack === 'string' ? stack : '';
  } catch {
    return '';
  }
}
