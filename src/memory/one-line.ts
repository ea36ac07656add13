/** What a user said must not be able to begin a line of its own in somebody's prompt. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
