import fc from 'fast-check';

import type { SessionKeyKind } from '../../src/consume/message-store.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { DatedSettings } from '../../src/sessions/settings-timeline.ts';
import { arbitraryConversation, type Conversation } from '../support/arbitrary-messages.ts';
import {
  dayMs,
  deleted,
  edited,
  logOf,
  message,
  sessionEnd,
  type RunSetup,
  type Said,
} from '../support/store-harness.ts';

/** What a log may hold and how it may be read, chosen so that everything meets everything. */
export interface Scenario {
  readonly setup: RunSetup;
  /** By partition. */
  readonly log: readonly (readonly LogRecord[])[];
  readonly writers: readonly WriterPlan[];
}

/** How one process reads the log, all of it: its steps in turn. */
export interface WriterPlan {
  readonly steps: readonly Step[];
}

export interface Step {
  readonly batchSize: number;
  /** Stores the same batch once more, as after an offset commit that was lost. */
  readonly redelivers: boolean;
  /** `stream-time`: a pass of the closer; `clock`: the partitions are caught up as well. */
  readonly thenCloses: 'no' | 'stream-time' | 'clock';
  /** Then goes back to this share of what it has read, once; nobody can begin beyond the stored position. */
  readonly thenRewindsTo: number | undefined;
}

type Address = Pick<Said, 'bot' | 'user' | 'channel' | 'channelType'>;

const addresses: readonly Address[] = [
  { bot: 'aria', user: 'ann', channel: 'c1', channelType: 'dm' },
  { bot: 'aria', user: 'ann', channel: 'c2', channelType: 'group' },
  { bot: 'aria', user: 'ann' },
  // One platform, two spellings of the same channel's type.
  { bot: 'aria', user: 'ann', channel: 'c1', channelType: 'private' },
  { bot: 'aria', user: 'bob', channel: 'c1', channelType: 'dm' },
  { bot: 'zed', user: 'ann' },
];

/** Ends may also name no channel, or one in which nothing was said yet. */
const endAddresses: readonly Address[] = [
  ...addresses,
  { bot: 'aria', user: 'ann', channel: 'c3' },
  { bot: 'zed', user: 'eve' },
];

const change = fc.record({
  of: fc.nat({ max: 30 }),
  atMs: fc.integer({ min: 0, max: 6 }),
  content: fc.constantFrom('edited to a', 'edited to b', 'said m0', null),
});

const step: fc.Arbitrary<Step> = fc.record({
  batchSize: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constant(40)),
  redelivers: fc.nat({ max: 5 }).map((dice) => dice === 0),
  thenCloses: fc.constantFrom('no', 'no', 'no', 'stream-time', 'clock'),
  thenRewindsTo: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(0, 0.3, 0.7) },
  ),
});

const parts = fc.record({
  conversation: arbitraryConversation,
  /** Used in turn for the messages. */
  spoken: fc.array(fc.constantFrom(...addresses), { minLength: 1, maxLength: 12 }),
  ended: fc.array(fc.constantFrom(...endAddresses), { minLength: 1, maxLength: 4 }),
  ownSettings: fc.boolean(),
  repeated: fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
  conflicting: fc.array(fc.nat({ max: 60 }), { maxLength: 3 }),
  fromTheFuture: fc.array(fc.nat({ max: 60 }), { maxLength: 2 }),
  changes: fc.array(change, { maxLength: 8 }),
  others: fc.array(fc.constantFrom(...otherValues()), { maxLength: 5 }),
  /** 0: as it was lived; large: in no order at all. */
  disorder: fc.constantFrom(0, 0, 3, 10, 1_000),
  dice: fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 40 }),
  scattersKeys: fc.boolean(),
  writers: fc.array(fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 10 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

/** Any log of up to about a hundred records, and one to three ways of reading it. */
export function arbitraryScenario(sessionKey: SessionKeyKind): fc.Arbitrary<Scenario> {
  return parts.map((chosen) => ({
    setup: setupOf(chosen, sessionKey),
    log: partitionsOf(chosen),
    writers: chosen.writers,
  }));
}

function otherValues(): unknown[] {
  return [
    Buffer.from('this is not JSON'),
    Buffer.from([0xff, 0xfe]),
    { role: 'user', content: 'to nobody' },
    { type: 'typing', bot_id: 'aria', user_id: 'ann' },
    { type: 'reaction', bot_id: 'aria', user_id: 'ann' },
  ];
}

function setupOf({ conversation, ownSettings }: Parts, sessionKey: SessionKeyKind): RunSetup {
  const dated = datedOnce(conversation);
  const swapped = dated.map((entry, index) => ({
    ...(dated[dated.length - 1 - index] ?? entry),
    effectiveFromMs: entry.effectiveFromMs,
  }));
  return { sessionKey, dated, ...(ownSettings && { bots: { zed: swapped } }) };
}

/** A run has one entry for each date. */
function datedOnce({ settings }: Conversation): DatedSettings[] {
  const byDate = new Map(
    settings.map((entry) => {
      const effectiveFromMs = dayMs + entry.effectiveFromMs;
      return [effectiveFromMs, { ...entry, effectiveFromMs }];
    }),
  );
  return [...byDate.values()].sort((a, b) => a.effectiveFromMs - b.effectiveFromMs);
}

interface Lived {
  readonly atMs: number;
  readonly key: string;
  readonly value: unknown;
}

function partitionsOf(chosen: Parts): LogRecord[][] {
  const lived = livedOf(chosen).sort((a, b) => a.atMs - b.atMs);
  const die = (index: number): number => chosen.dice[index % chosen.dice.length] ?? 0;
  const arrived = lived
    .map((entry, index) => ({
      ...entry,
      place: index + (die(index) % (chosen.disorder + 1)),
      die: die(index),
    }))
    .sort((a, b) => a.place - b.place);
  const partitionOf = (entry: { readonly key: string; readonly die: number }): number =>
    (chosen.scattersKeys ? entry.die : entry.key.length) % 2;
  return [0, 1].map((partition) =>
    logOf(
      arrived.filter((entry) => partitionOf(entry) === partition).map((entry) => entry.value),
      // Holes in the offsets, as compaction and transaction markers leave them.
      { partition, firstOffset: 5 * partition, timestampMs: dayMs + 3_000 },
    ).map((record) => ({ ...record, offset: record.offset * 2n })),
  );
}

function livedOf(chosen: Parts): Lived[] {
  const { conversation, spoken, ended, repeated, conflicting, changes, others, fromTheFuture } = chosen;
  const said = conversation.messages.map((entry, index) => ({
    id: entry.identity,
    atMs: dayMs + entry.sentAtMs + (fromTheFuture.includes(index) ? 86_400_000 : 0),
    ...spoken[index % spoken.length],
  }));
  const pick = (indexes: readonly number[]): Said[] => indexes.flatMap((index) => said[index] ?? []);
  const lived = (entry: Said, value: unknown): Lived => ({ atMs: entry.atMs, key: keyOf(entry), value });
  return [
    ...said.map((entry) => lived(entry, message(entry))),
    ...pick(repeated).map((entry) => lived(entry, message(entry))),
    ...pick(conflicting).map((entry) => lived(entry, message({ ...entry, content: `other ${entry.id}` }))),
    ...conversation.ends.map(({ endedAtMs }, index) => {
      const at = { atMs: dayMs + endedAtMs, ...ended[index % ended.length] };
      return { atMs: at.atMs, key: keyOf(at), value: sessionEnd(at) };
    }),
    ...changes.flatMap(({ of, atMs, content }) => {
      const target = said[of];
      if (target === undefined) return [];
      const at = { ...target, atMs: dayMs + 500 + atMs };
      return [lived(at, content === null ? deleted(at) : edited({ ...at, content }))];
    }),
    ...others.map((value, index) => ({ atMs: dayMs + 20 * index, key: 'any', value })),
  ];
}

function keyOf({ bot = '', user = '' }: Address): string {
  return `${bot}/${user}`;
}
