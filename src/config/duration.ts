const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof unitMs;

/** A whole number and its unit. Also published in the JSON Schema, hence a plain pattern. */
export const durationPattern = /^(\d{1,9})(ms|s|m|h|d)$/;

/** The same, above 0. */
export const positiveDurationPattern = /^(?!0+[a-z])(\d{1,9})(ms|s|m|h|d)$/;

/** Milliseconds of a text such as `500ms`, `10s`, `30m`, `12h` or `90d`; undefined: not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  const [, amount, unit] = match ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * unitMs[unit as Unit];
}

const unitsDownward: readonly Unit[] = ['d', 'h', 'm', 's'];

/** The shortest exact writing: 1_800_000 is `30m`, 90_000 is `90s`. */
export function formatDuration(durationMs: number): string {
  const unit = unitsDownward.find((candidate) => durationMs > 0 && durationMs % unitMs[candidate] === 0);
  if (unit !== undefined) return `${durationMs / unitMs[unit]}${unit}`;
  return durationMs === 0 ? '0s' : `${durationMs}ms`;
}
