import type { BenchLine } from '../line/bench-line.ts';

/** A subscriber of the results topic that shares nothing with the product. */
export interface Arrivals {
  /** By window, when its `window.enriched` was received, by this process's clock. */
  readonly atMs: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export async function listen(line: BenchLine, topic: string): Promise<Arrivals> {
  const atMs = new Map<string, number>();
  const consumer = line.kafka.consumer({ groupId: `listener-${topic}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      if (String(message.headers?.['ce_type']) !== 'afterword.window.enriched.v1') return Promise.resolve();
      const data = JSON.parse(message.value?.toString('utf8') ?? 'null') as { window_id: string };
      if (!atMs.has(data.window_id)) atMs.set(data.window_id, Date.now());
      return Promise.resolve();
    },
  });
  return { atMs, stop: () => consumer.disconnect() };
}
