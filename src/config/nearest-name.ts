/**
 * The known name that a misspelt one most likely means: other case or separators, the
 * same words in another order, or a few letters wrong. Undefined: none is near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const sameWords = known.find((candidate) => wordsOf(candidate) === wordsOf(name));
  if (sameWords !== undefined) return sameWords;
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(name), plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= tolerance(candidate))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.candidate;
}

/** Two slips in a long name, one in a short one: else HTTP_PROXY would mean HTTP_PORT. */
function tolerance(name: string): number {
  return name.length >= 8 ? 2 : 1;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

function wordsOf(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[_-]/);
  return words.sort().join(' ');
}

/** Letters to insert, remove, replace or swap with their neighbour. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const differs = from[row - 1] === to[column - 1] ? 0 : 1;
      const steps = [at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + differs];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && isSwap) steps.push(at(beforeLast, column - 2) + 1);
      current.push(Math.min(...steps));
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
