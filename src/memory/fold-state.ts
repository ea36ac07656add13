import type { LearntIn } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { ranks, type Claim } from './claim.ts';
import { channelKey } from './evidence.ts';
import type { Period } from './period.ts';
import type { Support } from './support.ts';

/** Where the fold of one group stands after some of its claims; each further claim changes it. */
export interface FoldState<Words> {
  /** By value that a person withdrew for good: when. */
  readonly retractions: ReadonlyMap<string, number>;
  /** What holds at present. */
  holder: Period<Words> | null;
  /** In the order in which they came to hold. */
  readonly periods: Period<Words>[];
  /** The same by value. */
  readonly byValue: Map<string, Period<Words>[]>;
  /** By value: claims that could not take the holder's place. They are forgotten when it goes. */
  readonly waiting: Map<string, Period<Words>>;
}

/** Before any claim; `retractions` looks ahead, to all that will be folded. */
export function emptyState<Words>(retractions: ReadonlyMap<string, number>): FoldState<Words> {
  return { retractions, holder: null, periods: [], byValue: new Map(), waiting: new Map() };
}

/** By value: the retraction that no later word of a person took back. Analysers cannot take it back. */
export function finalRetractions<Source extends Observation>(
  ordered: readonly Claim<Source>[],
): Map<string, number> {
  const retractions = new Map<string, number>();
  for (const claim of ordered) {
    if (claim.source.retracts) retractions.set(claim.value, claim.saidAtMs);
    else if (claim.rank === ranks.manual) retractions.delete(claim.value);
  }
  return retractions;
}

export function addPeriod<Words>(state: FoldState<Words>, period: Period<Words>): void {
  state.periods.push(period);
  const sameValue = state.byValue.get(period.value);
  if (sameValue === undefined) state.byValue.set(period.value, [period]);
  else sameValue.push(period);
}

/** As JSON, exact: `parseState` of it goes on as `state` itself would. */
export function printState<Words>(state: FoldState<Words>): string {
  const places = new Map(state.periods.map((period, place) => [period, place]));
  const placeOf = (period: Period<Words> | null): number | null =>
    period === null ? null : (places.get(period) ?? null);
  const printed: PrintedState<Words> = {
    retractions: [...state.retractions],
    holder: placeOf(state.holder),
    periods: state.periods.map((period) => flat(period, placeOf(period.successor))),
    waiting: [...state.waiting.values()].map((period) => flat(period, null)),
  };
  return JSON.stringify(printed);
}

/** Of what `printState` wrote with the same words. */
export function parseState<Words>(text: string): FoldState<Words> {
  const printed = JSON.parse(text) as PrintedState<Words>;
  const state = emptyState<Words>(new Map(printed.retractions));
  for (const period of printed.periods) addPeriod(state, raised(period));
  printed.periods.forEach(({ successor }, place) => {
    const period = state.periods[place];
    if (period !== undefined && successor !== null) period.successor = state.periods[successor] ?? null;
  });
  state.holder = printed.holder === null ? null : (state.periods[printed.holder] ?? null);
  for (const period of printed.waiting) state.waiting.set(period.value, raised(period));
  return state;
}

interface PrintedState<Words> {
  readonly retractions: readonly (readonly [string, number])[];
  /** Places in `periods`, like the successors. */
  readonly holder: number | null;
  readonly periods: readonly PrintedPeriod<Words>[];
  readonly waiting: readonly PrintedPeriod<Words>[];
}

type PrintedPeriod<Words> = Omit<Period<Words>, 'successor' | 'overruled' | 'support'> & {
  readonly successor: number | null;
  readonly overruled: readonly string[];
  readonly support: Omit<Support, 'channels'> & { readonly channels: readonly LearntIn[] };
};

function flat<Words>(period: Period<Words>, successor: number | null): PrintedPeriod<Words> {
  const support = { ...period.support, channels: [...period.support.channels.values()] };
  return { ...period, successor, overruled: [...period.overruled], support };
}

function raised<Words>(printed: PrintedPeriod<Words>): Period<Words> {
  const channels = new Map(printed.support.channels.map((channel) => [channelKey(channel), channel]));
  return {
    ...printed,
    successor: null,
    overruled: new Set(printed.overruled),
    support: { ...printed.support, channels },
  };
}
