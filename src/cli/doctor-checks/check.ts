import { isAfterwordError } from '../../errors.ts';
import { failureCode } from '../../telemetry/failure.ts';

/** What one look found; words, codes and counts only. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly says: string;
  /** What to do about it. */
  readonly hint?: string;
}

export function ok(check: string, says: string): Finding {
  return { check, state: 'ok', says };
}

export function warn(check: string, says: string, hint: string): Finding {
  return { check, state: 'warn', says, hint };
}

export function fail(check: string, says: string, hint: string): Finding {
  return { check, state: 'fail', says, hint };
}

/** A look that throws is a finding too: a doctor examines what is broken. */
export async function looking(
  check: string,
  hint: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    const own = isAfterwordError(error) ? error : undefined;
    return [fail(check, own?.message ?? `failed (${failureCode(error)})`, own?.hint ?? hint)];
  }
}
