/**
 * Whether a user's function, which may not be asynchronous, returned a promise. What that
 * rejects with is let go, or it would end the process as a fault of ours.
 */
export function isLetGo(returned: unknown): boolean {
  if (!(returned instanceof Promise)) return false;
  returned.catch(() => undefined);
  return true;
}
