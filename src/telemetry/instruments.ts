import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Values of labels. Closed lists and partitions; never a user, a window or a text. */
export type Labels = Readonly<Record<string, string | number>>;

/** `undefined` stands for an instrument without labels, which then takes no argument for them. */
type LabelArguments<Of> = Of extends Labels ? [labels: Of] : [];
type LabelNames<Of> = Of extends Labels ? [labelNames: readonly (keyof Of & string)[]] : [];

export interface CounterInstrument<Of> {
  add(count: number, ...labels: LabelArguments<Of>): void;
}

export interface GaugeInstrument<Of> {
  set(value: number, ...labels: LabelArguments<Of>): void;
  /** For what is gone, such as a revoked partition: a gauge that stays would lie. */
  remove(...labels: LabelArguments<Of>): void;
  /** Before it is set anew from a query that no longer names everything. */
  clear(): void;
}

export interface HistogramInstrument<Of> {
  observe(seconds: number, ...labels: LabelArguments<Of>): void;
}

/** How an instrument is made in a registry. */
type Define<Instrument> = (registry: Registry) => Instrument;

export function counter<Of extends Labels | undefined = undefined>(
  name: string,
  help: string,
  ...[labelNames = []]: LabelNames<Of>
): Define<CounterInstrument<Of>> {
  return (registry) => {
    const inner = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
    return {
      add: (count, ...[labels]) => {
        inner.inc({ ...labels }, count);
      },
    };
  };
}

export function gauge<Of extends Labels | undefined = undefined>(
  name: string,
  help: string,
  ...[labelNames = []]: LabelNames<Of>
): Define<GaugeInstrument<Of>> {
  return (registry) => {
    const inner = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
    return {
      set: (value, ...[labels]) => {
        inner.set({ ...labels }, value);
      },
      remove: (...[labels]) => {
        inner.remove({ ...labels });
      },
      clear: () => {
        inner.reset();
      },
    };
  };
}

export function histogram<Of extends Labels | undefined = undefined>(
  name: string,
  help: string,
  bucketsSeconds: readonly number[],
  ...[labelNames = []]: LabelNames<Of>
): Define<HistogramInstrument<Of>> {
  return (registry) => {
    const shape = { name, help, labelNames: [...labelNames], buckets: [...bucketsSeconds] };
    const inner = new Histogram({ ...shape, registers: [registry] });
    return {
      observe: (seconds, ...[labels]) => {
        inner.observe({ ...labels }, seconds);
      },
    };
  };
}

type Catalogue = Readonly<Record<string, Define<unknown>>>;

/** One registry's instruments, by the names of their definitions. */
export type InstrumentsOf<Of extends Catalogue> = { readonly [Name in keyof Of]: ReturnType<Of[Name]> };

export function defineAll<const Of extends Catalogue>(catalogue: Of, registry: Registry): InstrumentsOf<Of> {
  const made = Object.entries(catalogue).map(([name, define]) => [name, define(registry)] as const);
  // Each name got what its own definition makes, which is what InstrumentsOf says.
  return Object.fromEntries(made) as InstrumentsOf<Of>;
}
