/**
 * Postgres can store neither U+0000 nor a lone surrogate, in text or in jsonb. In what
 * people or models wrote they become U+FFFD, as every decoder does with what it cannot
 * read: the rest of the text is worth keeping.
 */
const notStorable = /[\0\p{Surrogate}]/gu;

export function storableText(text: string): string {
  return text.replace(notStorable, '\u{fffd}');
}

/** The same for every text inside a parsed JSON value, its keys included. Nesting is the caller's to bound. */
export function storableJson(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storableJson);
  if (typeof value === 'object' && value !== null) return storableObject(value);
  return value;
}

/** `fromEntries` defines properties, so that a key called `__proto__` stays a plain key. */
export function storableObject(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [storableText(name), storableJson(value)]),
  );
}

/** Recursion ends at the limit, however deep the value is: whoever walks it later is safe. */
export function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  // Not `Object.values`: most records are flat, and every one comes by here.
  for (const name in value) {
    const inner: unknown = value[name as keyof typeof value];
    if (typeof inner === 'object' && nestsDeeper(inner, levels - 1)) return true;
  }
  return false;
}
