/**
 * The protocol broken on purpose, one promise at a time, in the simulated parts and never in the
 * product: each must be found by the same schedules that a sound protocol survives.
 */
export const breaches = [
  'commits the offset first',
  'knows no duplicates',
  'locks nothing',
  'skips the lease check',
  'forgets to raise the sequence',
  'closes by the clock while lagging',
  'forgets what changed meanwhile',
  'publishes before the commit',
  'marks as sent before sending',
  'closes without the spans of before',
  'keeps observations that were replaced',
] as const;
export type Breach = (typeof breaches)[number];
