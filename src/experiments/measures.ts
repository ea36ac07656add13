/** Whether more of it is good, bad, or a matter of taste. */
type Better = 'higher' | 'lower' | 'neither';
export type Unit = 'share' | 'ratio' | 'count' | 'usd' | 'ms';

export interface Measure {
  /** For people. */
  readonly label: string;
  readonly unit: Unit;
  readonly better: Better;
}

/** What is measured of each window that a model was asked about; in the order in which it is told. */
export const measures = {
  failures: { label: 'failures', unit: 'share', better: 'lower' },
  grounding: { label: 'grounding', unit: 'ratio', better: 'higher' },
  compression: { label: 'compression', unit: 'ratio', better: 'neither' },
  topic_diversity: { label: 'topic diversity', unit: 'ratio', better: 'higher' },
  duplicates: { label: 'duplicates', unit: 'share', better: 'lower' },
  calls: { label: 'calls', unit: 'count', better: 'lower' },
  input_tokens: { label: 'tokens in', unit: 'count', better: 'lower' },
  cached_input_tokens: { label: 'tokens cached', unit: 'count', better: 'neither' },
  output_tokens: { label: 'tokens out', unit: 'count', better: 'lower' },
  cost_usd: { label: 'cost', unit: 'usd', better: 'lower' },
  latency_ms: { label: 'latency', unit: 'ms', better: 'lower' },
} as const satisfies Readonly<Record<string, Measure>>;

export type MeasureName = keyof typeof measures;
export const measureNames = Object.keys(measures) as readonly MeasureName[];
