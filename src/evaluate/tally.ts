/** Counts of one relation or of all. */
export interface Tally {
  /** Labels that are not optional. */
  readonly expected: number;
  readonly hit: number;
  /** Found in conversations whose labels are exhaustive. */
  readonly judged: number;
  /** Of those judged: a label says so, an optional one included. */
  readonly right: number;
}

export const emptyTally: Tally = { expected: 0, hit: 0, judged: 0, right: 0 };

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    expected: a.expected + b.expected,
    hit: a.hit + b.hit,
    judged: a.judged + b.judged,
    right: a.right + b.right,
  };
}

/** Null: there was nothing to divide by, which is neither good nor bad. */
export function recallOf({ hit, expected }: Tally): number | null {
  return shareOf(hit, expected);
}

export function precisionOf({ right, judged }: Tally): number | null {
  return shareOf(right, judged);
}

/** Harmonic mean of precision and recall. */
export function f1Of(tally: Tally): number | null {
  const precision = precisionOf(tally);
  const recall = recallOf(tally);
  if (precision === null || recall === null) return null;
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
