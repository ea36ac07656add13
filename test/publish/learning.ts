import { createPostgresAnswerStore } from '../../src/adapters/postgres/answer-store.ts';
import { createPostgresExtractionStore } from '../../src/adapters/postgres/extraction-store.ts';
import { extractWindow } from '../../src/extract/extract-window.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import { ManualTiming } from '../support/extraction.ts';
import {
  closeAll,
  dayMs,
  logOf,
  message,
  minuteMs,
  storeRecords,
  type Said,
  type StoreHarness,
} from '../support/store-harness.ts';

/** Hands out offsets as a partition would, so that no batch looks like a rewind. */
let nextOffset = 0;

/** What a user said, a minute apart from `atMinute`; enough lines for a summary. */
export function conversation(
  atMinute: number,
  lines: readonly string[],
  who: Partial<Omit<Said, 'id' | 'atMs' | 'content'>> = {},
): Record<string, unknown>[] {
  return lines.map((content, index) => {
    const atMs = dayMs + (atMinute + index) * minuteMs;
    return message({ ...who, id: `${who.channel ?? ''}m${String(atMinute + index)}`, atMs, content });
  });
}

/** The way of the product up to the outbox: stored, closed, extracted by the offline analyser, settled. */
export async function learn(
  harness: StoreHarness,
  said: readonly Record<string, unknown>[],
  { beforeSettling }: { beforeSettling?: () => Promise<void> } = {},
): Promise<void> {
  await storeRecords(harness.store, logOf(said, { firstOffset: nextOffset }));
  nextOffset += said.length;
  await closeAll(harness.closing);
  await beforeSettling?.();
  const store = createPostgresExtractionStore(harness.pool);
  for (;;) {
    const claims = await store.claim('worker', 10, 60_000);
    if (claims.length === 0) return;
    for (const claim of claims) {
      const { settled } = await extractWindow(
        {
          store,
          owner: 'worker',
          forBot: () => ({ stages: builtInStages, model: 'none', ignoresUser: () => false }),
          model: undefined,
          answersFor: (one, members) => createPostgresAnswerStore(harness.pool, one, members),
          timing: new ManualTiming(),
          fallbackAfterMs: null,
          onStageFault: (_claim, _stage, error) => {
            throw error;
          },
        },
        claim,
        new AbortController().signal,
      );
      if (!settled.settled) throw new Error(`not settled: ${settled.reason}`);
    }
  }
}
