/** What is left of a text when spelling does not count: letters and digits, lower case, no accents. */
export function compareKey(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}
