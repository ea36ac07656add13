import { AfterwordError } from '../../../errors.ts';

interface FailureOptions {
  readonly hint: string;
  readonly cause?: unknown;
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export const useDatabaseUrlHint = 'or set DATABASE_URL to a Postgres of your own';

/** Everything that goes wrong here has one code; the hint tells a person the way out. */
export function embeddedPostgresError(message: string, options: FailureOptions): AfterwordError {
  return new AfterwordError('EMBEDDED_POSTGRES', message, options);
}

/** `ENOENT`, `EACCES` … of a failed system call; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Resolves to undefined where a file or folder is not there; any other failure goes on. */
export async function absentAsUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
