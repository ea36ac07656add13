/** Shorter runs of words stand in anybody's text. */
const leastCharacters = 12;
/** A single word has to be longer to be nobody else's. */
const leastWordCharacters = 16;

/**
 * The runs of words of a text by which it is recognised elsewhere: from each word on as many
 * as make up twelve characters, without case and punctuation. Whoever repeats that much of
 * the text repeats one of them, however it is quoted, cut or escaped.
 */
export function* fragmentsOf(text: string): Generator<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  for (let start = 0; start < words.length; start += 1) {
    const fragment = fragmentFrom(words, start);
    if (fragment !== undefined) yield fragment;
  }
}

function fragmentFrom(words: readonly string[], start: number): string | undefined {
  const first = words[start] ?? '';
  if (first.length >= leastWordCharacters) return first;
  let fragment = first;
  for (let next = start + 1; next < words.length; next += 1) {
    fragment += ` ${words[next] ?? ''}`;
    if (fragment.length >= leastCharacters) return fragment;
  }
  return undefined;
}

/** The same of text that may hold JSON inside strings of JSON, as logs and columns do. */
export function* fragmentsOfEscaped(text: string): Generator<string> {
  yield* fragmentsOf(text.replace(/\\+(?:u[0-9a-f]{4}|[nrtbf"/])/gi, ' '));
}
