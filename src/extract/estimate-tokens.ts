/** No text is estimated at more for each of its UTF-16 units. */
const mostTokensPerUnit = 2;

/**
 * About how many tokens a text is, on the high side, without a tokenizer: whoever keeps to a
 * limit by this keeps to it by the model's own count. ASCII counts three characters a token
 * (English prose has four), other alphabets one, and what lies beyond them (Chinese, Japanese,
 * Korean, Indic scripts, emoji) half a character.
 */
export function estimateTokens(text: string): number {
  let thirds = 0;
  for (let index = 0; index < text.length; index += 1) thirds += thirdsOf(text.charCodeAt(index));
  return Math.ceil(thirds / 3);
}

/** Without a look at the characters where the length alone tells. */
export function isWithinTokens(text: string, tokens: number): boolean {
  return text.length * mostTokensPerUnit <= tokens || estimateTokens(text) <= tokens;
}

/** How long a text may be to keep to so many tokens; its own length when it does. */
export function charsWithinTokens(text: string, tokens: number): number {
  if (isWithinTokens(text, tokens)) return text.length;
  return Math.floor((text.length * tokens) / estimateTokens(text));
}

function thirdsOf(unit: number): number {
  if (unit < 0x80) return 1;
  return unit < 0x900 ? 3 : 3 * mostTokensPerUnit;
}
