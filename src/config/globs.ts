/**
 * Whether a text matches any of the patterns, where `*` stands for any run of
 * characters and `?` for one. Everything else is itself, case included.
 */
export function matchesAnyGlob(patterns: readonly string[], text: string): boolean {
  // By code point: `?` stands for an emoji too.
  const characters = Array.from(text);
  return patterns.some((pattern) => matchesGlob(Array.from(pattern), characters));
}

/**
 * Goes back to the last `*` only, so that the work is bounded by the product of the
 * lengths; a regular expression of several `.*` would not be.
 */
function matchesGlob(pattern: readonly string[], text: readonly string[]): boolean {
  let inPattern = 0;
  let inText = 0;
  let starAt = -1;
  let starCovers = 0;
  while (inText < text.length) {
    if (pattern[inPattern] === '*') {
      starAt = inPattern++;
      starCovers = inText;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === text[inText]) {
      inPattern++;
      inText++;
    } else if (starAt >= 0) {
      inPattern = starAt + 1;
      inText = ++starCovers;
    } else return false;
  }
  return pattern.slice(inPattern).every((rest) => rest === '*');
}
