import { AfterwordError } from '../errors.ts';

/**
 * One line of a file of message events. Whether it is a valid one, the consumer judges.
 *
 * @throws AfterwordError INPUT_INVALID with the line's number, and never its text
 */
export function parseJsonLine(line: string, lineNumber: number, hint: string): Record<string, unknown> {
  const refuse = (): never => {
    // Not the parser's message: it quotes the line.
    throw new AfterwordError('INPUT_INVALID', `line ${lineNumber} is not a JSON object`, {
      hint: `every line has to be one JSON object; ${hint}`,
      details: { line: lineNumber },
    });
  };
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : refuse();
  } catch {
    return refuse();
  }
}

/**
 * The recommended record key: it keeps a user's messages in one partition. Ids may be
 * integers, which are the same as their text.
 */
export function userKey(event: Readonly<Record<string, unknown>>): string | null {
  const { bot_id: botId, user_id: userId } = event;
  return isId(botId) && isId(userId) ? `${String(botId)}/${String(userId)}` : null;
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || Number.isSafeInteger(value);
}
