/** What stands where text was left out; the evidence check never finds it in a message. */
function cutMark(leftOut: number): string {
  return ` [... ${leftOut} characters left out ...] `;
}

/**
 * Longest stretch of one message that a prompt may carry, so that all of them
 * together stay within the budget: short messages are never cut to make room
 * for long ones.
 */
export function fairLimit(lengths: readonly number[], budget: number, most: number, least: number): number {
  const ascending = lengths.map((length) => Math.min(length, most)).sort((a, b) => a - b);
  let left = budget;
  for (const [index, length] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (length > share) return Math.max(share, least);
    left -= length;
  }
  return most;
}

/** Keeps beginning and end, where people put what matters, and says how much is missing. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = wholeUntil(text, Math.ceil(limit * 0.7));
  const tail = wholeFrom(text, text.length - Math.floor(limit * 0.3));
  return text.slice(0, head) + cutMark(tail - head) + text.slice(tail);
}

/** Not between the halves of a surrogate pair: half a character is refused by JSON readers. */
function wholeUntil(text: string, at: number): number {
  return isLowSurrogate(text.charCodeAt(at)) ? at - 1 : at;
}

function wholeFrom(text: string, at: number): number {
  return isLowSurrogate(text.charCodeAt(at)) ? at + 1 : at;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
