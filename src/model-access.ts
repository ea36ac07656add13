import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { ModelAccess } from './extract/extract-window.ts';
import { ModelGate } from './extract/model-gate/model-gate.ts';
import type { Timing } from './extract/timing.ts';

/** A long conversation may take a model more than a minute. */
const modelTimeoutMs = 120_000;

export const systemTiming: Timing = {
  nowMs: () => systemClock.nowMs(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal });
  },
  random: () => Math.random(),
};

/**
 * The configured way to the model; undefined without a key. Its client is loaded only where it
 * is used, as the HTTP server is: each takes memory that a consumer does not have to spend.
 */
export async function openModelAccess({ anthropic, extract }: Config): Promise<ModelAccess | undefined> {
  if (anthropic === null) return undefined;
  const { createAnthropicModelClient } = await import('./adapters/anthropic/model-client.ts');
  return {
    client: createAnthropicModelClient({
      apiKey: anthropic.apiKey.reveal(),
      baseURL: anthropic.baseUrl ?? undefined,
      output: extract.output,
      timeoutMs: modelTimeoutMs,
    }),
    gate: new ModelGate({ maxConcurrency: extract.concurrency, timing: systemTiming }),
  };
}
