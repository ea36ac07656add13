import { collectDefaultMetrics, Registry } from 'prom-client';
import { defineAll, type InstrumentsOf } from './instruments.ts';
import {
  consumeMetrics,
  extractMetrics,
  processMetrics,
  publishMetrics,
  windowMetrics,
} from './metric-names.ts';
import { SingleFlight } from './single-flight.ts';

const catalogue = {
  ...consumeMetrics,
  ...windowMetrics,
  ...extractMetrics,
  ...publishMetrics,
  ...processMetrics,
} as const;

/** Brings gauges up to date before a scrape, for what is asked rather than counted. */
type Collector = (signal: AbortSignal) => Promise<void>;

export interface Metrics extends InstrumentsOf<typeof catalogue> {
  /** `name` is for the failure's counter. Returns what takes the collector out again. */
  addCollector(name: string, collect: Collector): () => void;
  /** The Prometheus text, after the collectors have run or have had their time. */
  render(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  /** Also the metrics of the process: memory, CPU, event loop. */
  readonly withProcess?: boolean;
  /** How long a scrape waits for one collector. */
  readonly collectTimeoutMs?: number;
}

/** One registry of its own, so that two applications in one process do not meet. */
export function createMetrics({
  withProcess = false,
  collectTimeoutMs = 2_000,
}: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  const instruments = defineAll(catalogue, registry);
  const collectors = new Map<symbol, { name: string; flight: SingleFlight<true> }>();
  return {
    ...instruments,
    addCollector: (name, collect) => {
      const key = Symbol(name);
      const flight = new SingleFlight(async (signal) => collect(signal).then(() => true as const));
      collectors.set(key, { name, flight });
      return () => collectors.delete(key);
    },
    render: async () => {
      const outcomes = [...collectors.values()].map(async ({ name, flight }) => {
        // A scrape must not fail for one of its parts; that it did is a metric too.
        const isDone = await flight.run(collectTimeoutMs).catch(() => undefined);
        if (isDone === undefined) instruments.scrapeFailures.add(1, { collector: name });
      });
      await Promise.all(outcomes);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
