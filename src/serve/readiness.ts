/** What one check found. Words and codes only: it is shown to whoever may ask. */
export type CheckOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** A code or a few words of ours. */
      readonly reason: string;
      /** What a person can do. */
      readonly hint?: string | undefined;
    };

/**
 * A condition without which this process should get no work. Registered by the loop
 * that depends on it. The implementer looks now, quickly, and gives up when the
 * signal aborts; a rejection counts as "not ready".
 */
export interface ReadinessCheck {
  /** Kebab-case, unique in the process: `database`, `messages-topic`. */
  readonly name: string;
  check(signal: AbortSignal): Promise<CheckOutcome>;
}

export type CheckReport = { readonly name: string } & CheckOutcome;

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: readonly CheckReport[];
}

const stopping: CheckReport = { name: 'process', ok: false, reason: 'stopping' };

/** Ready when every check holds and the process is not about to leave; failed ones first, then by name. */
export function summarizeReadiness(checks: readonly CheckReport[], isStopping: boolean): ReadinessReport {
  const all = isStopping ? [stopping, ...checks] : [...checks];
  const sorted = all.sort((a, b) => Number(a.ok) - Number(b.ok) || (a.name < b.name ? -1 : 1));
  return { ready: sorted.every(({ ok }) => ok), checks: sorted };
}

/** The same without reasons and hints, for whoever has not shown the token. */
export function withoutReasons(report: ReadinessReport): object {
  return { ready: report.ready, checks: report.checks.map(({ name, ok }) => ({ name, ok })) };
}
