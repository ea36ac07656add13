import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the condition holds; fails with what it was waiting for. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  { deadlineMs = 60_000, everyMs = 100 } = {},
): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > endMs) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await sleep(everyMs);
  }
}
