/** Doubles from 100 ms to 10 s, and a random half of it, so that members do not come back all at once. */
export function backOffMs(attempt: number, random: () => number = Math.random): number {
  const ceilingMs = Math.min(100 * 2 ** Math.min(attempt - 1, 10), 10_000);
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random());
}
