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

/** Longer than any client of ours waits for a connection. */
const deadlineMs = 20_000;

/**
 * A look that throws, or never ends, is a finding too: a doctor examines what is broken.
 * Never rejects. What hangs is left behind; the command ends without it.
 */
export async function looking(
  check: string,
  hint: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(() => {
      resolve([fail(check, `no answer within ${deadlineMs / 1_000} s`, hint)]);
    }, deadlineMs);
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    return [failed(check, hint, error)];
  } finally {
    clearTimeout(timer);
  }
}

/** The message of an error of ours; of a foreign one, which may quote what it was given, the code. */
export function failed(check: string, hint: string, error: unknown): Finding {
  const own = isAfterwordError(error) ? error : undefined;
  return fail(check, own?.message ?? `failed (${failureCode(error)})`, own?.hint ?? hint);
}
