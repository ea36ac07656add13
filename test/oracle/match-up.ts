/** Pairs what must be there with what is, one to one; returns what is left of both. */
export function matchUp<Expected, Row>(
  expected: readonly Expected[],
  rows: readonly Row[],
  fits: (one: Expected, row: Row) => boolean,
): { readonly missing: readonly Expected[]; readonly unexplained: readonly Row[] } {
  const left = new Set(rows);
  const missing: Expected[] = [];
  for (const one of expected) {
    const row = [...left].find((candidate) => fits(one, candidate));
    if (row === undefined) missing.push(one);
    else left.delete(row);
  }
  return { missing, unexplained: [...left] };
}
