import { readFileSync } from 'node:fs';
import type { FactResult } from '../../../src/model/results.ts';
import type { Transcript } from '../../../src/extract/transcript.ts';
import { offlineFacts } from '../../../src/extract/offline/facts.ts';
import { factsStage } from '../../../src/extract/stages/facts.ts';
import { conversation, type Said } from './conversation.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);

interface SampleEvent extends Said {
  readonly id: string;
  readonly user_id: string;
  readonly bot_id: string;
  readonly sent_at: string;
}

/** The windows of the sample: one for each person and day. */
export function sampleWindows(): Transcript[] {
  const rows = readFileSync(new URL('companion-chats.jsonl', fixtures), 'utf8').trim().split('\n');
  const windows = new Map<string, SampleEvent[]>();
  for (const row of rows) {
    const event = JSON.parse(row) as SampleEvent;
    const key = `${event.user_id} ${event.sent_at.slice(0, 10)}`;
    windows.set(key, [...(windows.get(key) ?? []), event]);
  }
  return [...windows.values()].map((events) => {
    const said = events.map((event) => ({ ...event, sentAtMs: Date.parse(event.sent_at) }));
    return conversation(said, { botId: events[0]?.bot_id ?? '', userId: events[0]?.user_id ?? '' });
  });
}

/** The rules were tuned on people whose id has an even number of letters, and judged on all. */
export function isTuned(userId: string): boolean {
  return (userId.match(/\p{L}/gu)?.length ?? 0) % 2 === 0;
}

export interface JudgedFact {
  readonly user_id: string;
  readonly day: string;
  readonly half: 'tuned' | 'untouched';
  readonly relation: string;
  readonly predicate: string | null;
  readonly entity_name: string;
  readonly entity_type: string;
  readonly polarity: string;
  readonly modality: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly quotes: readonly string[];
  readonly verdict: 'right' | 'wrong';
  readonly why: string;
}

export type UnjudgedFact = Omit<JudgedFact, 'verdict' | 'why'>;

/** All facts of the sample after the checks, in the order of the log. */
export function sampleFacts(): UnjudgedFact[] {
  return sampleWindows().flatMap((transcript) =>
    factsStage
      .check(offlineFacts(transcript), transcript)
      .result.facts.map((fact) => unjudged(fact, transcript)),
  );
}

function unjudged(fact: FactResult, { userId, startedAtMs }: Transcript): UnjudgedFact {
  return {
    user_id: userId,
    day: new Date(startedAtMs).toISOString().slice(0, 10),
    half: isTuned(userId) ? 'tuned' : 'untouched',
    relation: fact.relation,
    predicate: fact.predicate ?? null,
    entity_name: fact.entity_name,
    entity_type: fact.entity_type,
    polarity: fact.polarity,
    modality: fact.modality,
    attributes: fact.attributes ?? {},
    quotes: fact.evidence.map(({ quote }) => quote),
  };
}

/** A sample that depends on the seed and the order alone (mulberry32, then a partial shuffle). */
export function drawSample<Item>(items: readonly Item[], size: number, seed: number): Item[] {
  const pool = [...items];
  const random = mulberry32(seed);
  for (let at = 0; at < Math.min(size, pool.length); at++) {
    const other = at + Math.floor(random() * (pool.length - at));
    const [a, b] = [pool[at], pool[other]];
    if (a !== undefined && b !== undefined) [pool[at], pool[other]] = [b, a];
  }
  return pool.slice(0, size);
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function readJudged(): { seed: number; facts: readonly JudgedFact[] } {
  return JSON.parse(readFileSync(new URL('judged-facts.json', fixtures), 'utf8')) as {
    seed: number;
    facts: readonly JudgedFact[];
  };
}
