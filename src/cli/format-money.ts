import { toUsd } from '../model/model-cost.ts';

/** Nano-dollars as people read them: `$1.25`, `$0.0042`; small sums with more digits. */
export function dollars(nanoUsd: number): string {
  const usd = toUsd(nanoUsd);
  if (usd === 0) return '$0';
  if (usd >= 1) return `$${usd.toFixed(2)}`;
  // Two digits that count, and never less than a nano-dollar.
  const digits = Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(usd))));
  return `$${usd.toFixed(digits)}`;
}
