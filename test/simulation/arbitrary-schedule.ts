import fc from 'fast-check';

import type { SessionKeyKind } from '../../src/consume/message-store.ts';
import type { DatedSettings } from '../../src/sessions/settings-timeline.ts';
import type { Failure, Plan } from './lane.ts';
import type { Sending } from './simulated-log.ts';

/** When every world begins. */
export const startMs = Date.UTC(2026, 0, 5, 9);

/** What bots send, and what happens while it is read. */
export interface Schedule {
  readonly sessionKey: SessionKeyKind;
  readonly dated: readonly DatedSettings[];
  /** In the order in which it is written. */
  readonly sendings: readonly Sending[];
  readonly steps: readonly Step[];
}

export type Step =
  /** Bots send the next of it. */
  | { readonly kind: 'send'; readonly records: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'step-clock'; readonly ms: number }
  | Of<'poll', { readonly partition: number; readonly most: number }>
  | Of<'commit-offsets'>
  | Of<'note-progress'>
  | Of<'close'>
  | Of<'extract'>
  | { readonly kind: 'renew'; readonly process: number }
  | Of<'relay', { readonly destination: 'results' | 'dead-letter' }>
  /** The group is shared out anew; those who do not notice go on as before. */
  | {
      readonly kind: 'rebalance';
      readonly owners: readonly number[];
      readonly notices: readonly boolean[];
      /** Of what is committed, after a rewind with the log's own tools; null: none. */
      readonly rewindsTo: number | null;
    }
  | { readonly kind: 'notice'; readonly process: number }
  /** Whoever stands still goes on. */
  | { readonly kind: 'resume'; readonly place: number; readonly plan: Plan }
  | { readonly kind: 'crash'; readonly process: number }
  /** Everything goes well for a while: read, closed, perhaps extracted and published. */
  | {
      readonly kind: 'prosper';
      readonly process: Chosen;
      readonly until: 'closed' | 'extracted' | 'published';
    };

/** Which process: a number, or the one that holds the partition (the first, where none is named). */
export type Chosen = number | 'holder';

type Of<Kind extends string, More extends object = object> = More & {
  readonly kind: Kind;
  readonly process: Chosen;
  readonly plan: Plan;
};

const process = fc.nat({ max: 2 });
/** Mostly whoever holds the partition as the group has it; a number: that process, whatever it holds. */
const reader = fc.oneof(
  { weight: 4, arbitrary: fc.constant('holder' as const) },
  { weight: 1, arbitrary: process },
);
const failure = fc.constantFrom<Failure>('cut', 'aborted', 'unacknowledged');

/** One in so many. */
function seldom<Value>(oneIn: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
}

/** Of a flow that makes about so many calls; `parks`: for certain. */
function planOf(calls: number, parks = false): fc.Arbitrary<Plan> {
  const place = fc.integer({ min: 1, max: calls });
  const fails = fc.record({ from: place, how: failure });
  const parksAt = parks ? place : fc.oneof(fc.constant(null), place);
  return fc.record({ parksAt, fails: seldom(4, fails) });
}

type Kinds = Step['kind'];
type StepOf<Kind extends Kinds> = Step & { readonly kind: Kind };

function step<Kind extends Kinds>(
  kind: Kind,
  fields: { [Field in Exclude<keyof StepOf<Kind>, 'kind'>]: fc.Arbitrary<StepOf<Kind>[Field]> },
): fc.Arbitrary<StepOf<Kind>> {
  // The fields are those of the kind, one by one; only the compiler cannot put them together again.
  return fc
    .record(fields as Record<string, fc.Arbitrary<unknown>>)
    .map((rest) => ({ ...rest, kind }) as StepOf<Kind>);
}

const partition = fc.nat({ max: 1 });
const most = fc.integer({ min: 1, max: 6 });
const destination = fc.constantFrom<'results' | 'dead-letter'>(
  'results',
  'results',
  'results',
  'dead-letter',
);

const send = step('send', { records: fc.integer({ min: 1, max: 6 }) });
const pass = step('pass', { ms: fc.constantFrom(500, 2_500, 11_000, 11_000, 40_000, 3_700_000) });
/** A lease runs out. */
const passLease = step('pass', { ms: fc.constant(11_000) });
const rebalance = step('rebalance', {
  owners: fc.tuple(process, process),
  notices: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  rewindsTo: seldom(6, fc.constantFrom(0, 0.5)),
});
const resume = step('resume', { place: fc.nat({ max: 5 }), plan: planOf(18) });
const prosperUntil = (...until: StepOf<'prosper'>['until'][]): fc.Arbitrary<Step> =>
  step('prosper', { process: reader, until: fc.constantFrom(...until) });
const poll = step('poll', { process: reader, partition, most, plan: planOf(14) });
const pollParked = step('poll', { process: reader, partition, most, plan: planOf(14, true) });
const close = step('close', { process: reader, plan: planOf(12) });
const closeParked = step('close', { process: reader, plan: planOf(12, true) });
const extract = step('extract', { process, plan: planOf(20) });
const extractParked = step('extract', { process, plan: planOf(20, true) });
/** In the middle of the work: what was asked about may be another thing by the time of the answer. */
const extractAsking = step('extract', {
  process,
  plan: fc.record({ parksAt: fc.integer({ min: 4, max: 8 }), fails: fc.constant(null) }),
});
const relay = step('relay', { process, destination, plan: planOf(5) });
const relayParked = step('relay', { process, destination, plan: planOf(5, true) });
const commitOffsets = step('commit-offsets', { process: reader, plan: planOf(2) });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: send },
  { weight: 3, arbitrary: pass },
  { weight: 1, arbitrary: step('step-clock', { ms: fc.constantFrom(-3_600_000, 3_600_000) }) },
  { weight: 7, arbitrary: poll },
  { weight: 2, arbitrary: commitOffsets },
  { weight: 1, arbitrary: step('note-progress', { process: reader, plan: planOf(3) }) },
  { weight: 3, arbitrary: close },
  { weight: 3, arbitrary: extract },
  { weight: 1, arbitrary: step('renew', { process }) },
  { weight: 2, arbitrary: relay },
  { weight: 2, arbitrary: rebalance },
  { weight: 1, arbitrary: step('notice', { process }) },
  { weight: 4, arbitrary: resume },
  { weight: 1, arbitrary: step('crash', { process }) },
  { weight: 3, arbitrary: prosperUntil('closed', 'extracted', 'published') },
);

/** Some of these, in their order: each may be missing, so that what does not matter shrinks away. */
function some(...steps: readonly fc.Arbitrary<Step>[]): fc.Arbitrary<readonly Step[]> {
  return fc
    .tuple(...steps.map((one) => fc.option(one, { freq: 12 })))
    .map((chosen) => chosen.filter((one) => one !== null));
}

/** What leads where chance alone seldom comes: somebody stands still while others go on. */
const episode: fc.Arbitrary<readonly Step[]> = fc.oneof(
  // A window changes, or is taken over, while its model thinks.
  some(
    send,
    prosperUntil('closed'),
    extractAsking,
    send,
    prosperUntil('closed'),
    fc.oneof(passLease, resume),
    prosperUntil('closed', 'extracted'),
    resume,
  ),
  // What was extracted changes.
  some(send, prosperUntil('extracted', 'published'), send, prosperUntil('closed'), prosperUntil('extracted')),
  // A batch is stored by somebody who has lost the partition.
  some(send, pollParked, rebalance, poll, resume, commitOffsets, resume),
  // Two closers, two relays.
  some(send, poll, passLease, closeParked, passLease, rebalance, prosperUntil('closed'), resume),
  some(send, prosperUntil('extracted'), relayParked, passLease, relay, resume),
  // A crash where it hurts.
  some(
    send,
    prosperUntil('closed', 'extracted'),
    fc.oneof(pollParked, extractParked, relayParked),
    step('crash', { process }),
    passLease,
  ),
);

const steps = fc
  .array(fc.oneof({ weight: 5, arbitrary: anyStep.map((one) => [one]) }, { weight: 1, arbitrary: episode }), {
    minLength: 3,
    maxLength: 14,
    size: 'max',
  })
  .map((parts) => parts.flat());

/** What one bot sends about one of ten messages, whose times and places are the world's. */
const sending = fc.record({
  message: fc.nat({ max: 9 }),
  kind: fc.constantFrom<Kind>(...weighed({ message: 14, edit: 3, delete: 2, end: 2, conflict: 1, odd: 1 })),
  /** Sent by a clock that is a day ahead. */
  isAhead: fc.nat({ max: 14 }).map((dice) => dice === 0),
  isScattered: fc.nat({ max: 5 }).map((dice) => dice === 0),
  dice: fc.nat({ max: 3 }),
});
type Kind = 'message' | 'edit' | 'delete' | 'end' | 'conflict' | 'odd';
type ChosenSending = typeof sending extends fc.Arbitrary<infer T> ? T : never;

function weighed(weights: Readonly<Record<Kind, number>>): Kind[] {
  return (Object.keys(weights) as Kind[]).flatMap((kind) => Array<Kind>(weights[kind]).fill(kind));
}

/** Of few places, at few times, so that ties, exact gaps and bridges are the rule. */
const place = fc.record({
  seconds: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 60 })),
  user: fc.constantFrom('ann', 'ann', 'ann', 'bob'),
  channel: fc.constantFrom(undefined, 'c1'),
  isBots: fc.nat({ max: 4 }).map((dice) => dice === 0),
  words: fc.constantFrom('lives p1', 'lives p2', 'likes t1', 'nothing'),
});
type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;

const gapMs = fc.constantFrom(3_000, 5_000, 10_000);
const settings = fc.record({
  gapMs,
  maxMessages: fc.constantFrom(2, 3, 4, 500),
  maxDurationMs: fc.constantFrom(8_000, 1_000_000_000),
});

export const arbitrarySchedule: fc.Arbitrary<Schedule> = fc
  .record({
    sessionKey: fc.constantFrom<SessionKeyKind>('bot,user', 'bot,user', 'bot,user,channel'),
    settings: fc.tuple(settings, settings),
    changesAtSeconds: seldom(3, fc.integer({ min: 5, max: 50 })),
    /** How long ago it was that all began, for the clock of the world. */
    agoMs: fc.constantFrom(3_600_000, 60_000, 0),
    places: fc.array(place, { minLength: 10, maxLength: 10 }),
    sendings: fc.array(sending, { minLength: 1, maxLength: 14, size: 'max' }),
    steps,
  })
  .map(({ sessionKey, settings: [first, second], changesAtSeconds, agoMs, places, sendings, steps }) => {
    const originMs = startMs - agoMs;
    const changed =
      changesAtSeconds === null ? [] : [{ ...second, effectiveFromMs: originMs + changesAtSeconds * 1_000 }];
    return {
      sessionKey,
      dated: [{ ...first, effectiveFromMs: -8_640_000_000_000_000 }, ...changed],
      sendings: sendings.map((chosen) => toSending(chosen, places, originMs)),
      steps,
    };
  });

function toSending(chosen: ChosenSending, places: readonly Place[], originMs: number): Sending {
  const { message, isScattered, dice } = chosen;
  const at = places[message];
  if (at === undefined) throw new RangeError('a message without a place');
  const home = at.user === 'ann' ? 0 : 1;
  const atMs = originMs + at.seconds * 1_000;
  return {
    partition: isScattered ? (home + dice) % 2 : home,
    value: valueOf(chosen, at, atMs),
  };
}

function valueOf({ kind, message, isAhead, dice }: ChosenSending, at: Place, atMs: number): Sending['value'] {
  const channel = at.channel === undefined ? {} : { channel_id: at.channel, channel_type: 'dm' };
  const address = { bot_id: 'aria', user_id: at.user, ...channel };
  const id = `m${message}`;
  const changedAt = new Date(atMs + 60_000 + dice).toISOString();
  const sentAt = new Date(isAhead ? atMs + 86_400_000 : atMs).toISOString();
  const said = { id, ...address, sent_at: sentAt, role: at.isBots ? 'assistant' : 'user' };
  switch (kind) {
    case 'message':
      return { ...said, content: `${at.words} v0` };
    case 'conflict':
      return { ...said, content: `${at.words} v9` };
    case 'edit':
      return {
        type: 'message.edited',
        id,
        ...address,
        sent_at: changedAt,
        content: `likes t${dice} v${dice}`,
      };
    case 'delete':
      return { type: 'message.deleted', id, ...address, sent_at: changedAt };
    case 'end':
      return { type: 'session.end', ...address, sent_at: new Date(atMs + 500).toISOString() };
    case 'odd':
      return dice > 1 ? { type: 'typing', ...address } : 'this is not JSON';
  }
}
