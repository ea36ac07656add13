/**
 * The greatest number of pairs of an expected and a found one that fit, each used once.
 * Who comes earlier among the expected is paired before who comes later, so put what
 * must not be missed first. Depends on the order of both lists and nothing else.
 *
 * @returns index of the found one by index of its expected one
 */
export function pairUp<Expected, Found>(
  expected: readonly Expected[],
  found: readonly Found[],
  fits: (expected: Expected, found: Found) => boolean,
): ReadonlyMap<number, number> {
  const holders = new Map<number, number>();
  const candidates = expected.map((label) =>
    found.flatMap((item, index) => (fits(label, item) ? [index] : [])),
  );
  // Augmenting paths: whoever is in the way takes another one of its candidates if it can.
  const take = (label: number, visited: Set<number>): boolean =>
    (candidates[label] ?? []).some((index) => {
      if (visited.has(index)) return false;
      visited.add(index);
      const holder = holders.get(index);
      if (holder !== undefined && !take(holder, visited)) return false;
      holders.set(index, label);
      return true;
    });
  for (const label of expected.keys()) take(label, new Set());
  return new Map([...holders].map(([index, label]) => [label, index]));
}
