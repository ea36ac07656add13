const maxAttributes = 20;

export type Attribute = readonly [name: string, value: string];

/** Each attribute as last said, the newest last; the bound drops the oldest. */
export function addAttributes(
  known: readonly Attribute[],
  said: Readonly<Record<string, string>>,
): readonly Attribute[] {
  const further = Object.entries(said);
  return further.length === 0 ? known : newest([...known, ...further]);
}

/** A person's word after all others. Bounding each before has dropped nothing that would be here. */
export function mergedAttributes(
  said: readonly Attribute[],
  byHand: readonly Attribute[],
): Record<string, string> {
  const merged = newest([...said, ...byHand]);
  return Object.fromEntries([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function newest(attributes: readonly Attribute[]): readonly Attribute[] {
  const merged = new Map<string, string>();
  for (const [name, value] of attributes) {
    // Deleted first, so that the newest stand last.
    merged.delete(name);
    merged.set(name, value);
  }
  return [...merged].slice(-maxAttributes);
}
