/** Wall time, injected: time-dependent logic takes it as an argument and tests set it. */
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
