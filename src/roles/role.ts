import type { ReadinessCheck } from '../serve/readiness.ts';

/** One part of the work that a process may take on; its loops and what they need to be ready. */
export interface Role {
  readonly name: RoleName;
  readonly checks: readonly ReadinessCheck[];
  start(): Promise<void>;
  /** Finishes what is in hand within the deadline, then stops; nothing is lost either way. */
  stop(deadlineMs: number): Promise<void>;
}

export const roleNames = ['consume', 'extract', 'publish', 'serve'] as const;
export type RoleName = (typeof roleNames)[number];
