import { grouped } from './grouped.ts';
import { differ } from './judge-stored.ts';
import type { Told } from './simulated-outbox.ts';
import { liveResults } from './simulated-extraction-store.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What a subscriber holds who follows the results topic and keeps what has the highest sequence. */
interface Held {
  /** Results by window and stage. */
  readonly results: Map<string, string>;
  /** Facts that hold or held, by person and id. */
  readonly facts: Map<string, string>;
}

/** Whoever follows the results topic holds what the store holds. */
export function judgeTold(world: SimulatedWorld): string[] {
  const { database, topics } = world;
  const told = [...topics.results, ...leaked(world)];
  const { held, isInOrder } = follow(told);
  const results = database.windows
    .committed()
    .flatMap(({ windowId }) =>
      liveResults(database, windowId).flatMap(({ outcome, result }) =>
        outcome.status === 'done' ? [`${windowId} ${outcome.stage} ${JSON.stringify(result)}`] : [],
      ),
    );
  const facts = database.facts.committed().map(({ keyId, fact }) => `${keyId} ${fact.factId} ${fact.status}`);
  const sequences = grouped(database.events.committed(), ({ keyId }) => keyId);
  const rises = [...sequences.values()].every((events) =>
    events
      .toSorted((a, b) => (a.outboxId < b.outboxId ? -1 : 1))
      .every(({ sequence }, place, all) => sequence > (all[place - 1]?.sequence ?? 0)),
  );
  return [
    ...differ('results that a subscriber holds', entriesOf(held.results), results),
    ...differ('facts that a subscriber holds', entriesOf(held.facts), facts),
    ...(rises ? [] : ['sequences do not rise']),
    ...(isInOrder ? [] : ['one sequence told two things']),
  ];
}

function leaked({ database }: SimulatedWorld): Told[] {
  return database.leaked.map(({ eventId, type, subject, data }) => ({
    id: eventId,
    type,
    key: subject,
    data,
    sender: 'nobody',
  }));
}

function entriesOf(held: ReadonlyMap<string, string>): string[] {
  return [...held].map(([name, value]) => `${name} ${value}`);
}

function follow(told: readonly Told[]): { readonly held: Held; readonly isInOrder: boolean } {
  const held: Held = { results: new Map(), facts: new Map() };
  const seen = new Map<string, number>();
  const ids = new Map<string, string>();
  let isInOrder = true;
  for (const one of told) {
    const sequence = Number(one.data['sequence']);
    const place = `${one.key} ${sequence}`;
    isInOrder &&= (ids.get(place) ?? one.id) === one.id;
    ids.set(place, one.id);
    // Seen already: sent once more.
    if (sequence <= (seen.get(one.key) ?? 0)) continue;
    seen.set(one.key, sequence);
    apply(held, one);
  }
  return { held, isInOrder };
}

interface StageEntry {
  readonly status: string;
  readonly result?: unknown;
}
interface ChangeEntry {
  readonly id: string;
  readonly change: string;
  readonly superseded_by?: string | null;
}

function apply({ results, facts }: Held, { type, key, data }: Told): void {
  const windowId = String(data['window_id']);
  switch (type) {
    case 'afterword.stage.completed.v1':
      results.set(`${windowId} ${String(data['stage'])}`, JSON.stringify(data['result']));
      return;
    case 'afterword.window.enriched.v1':
      for (const [stage, entry] of Object.entries(data['stages'] as Readonly<Record<string, StageEntry>>)) {
        if (entry.status === 'done') results.set(`${windowId} ${stage}`, JSON.stringify(entry.result));
        else if (entry.status === 'skipped') results.delete(`${windowId} ${stage}`);
      }
      return;
    case 'afterword.window.superseded.v1':
      for (const name of results.keys()) if (name.startsWith(windowId)) results.delete(name);
      return;
    case 'afterword.memory.changed.v1':
      for (const { id, change, superseded_by: by } of data['changes'] as readonly ChangeEntry[]) {
        if (change === 'retracted') facts.delete(`${key} ${id}`);
        else if (change === 'confirmed') facts.set(`${key} ${id}`, 'current');
        else facts.set(`${key} ${id}`, by === null || by === undefined ? 'ended' : 'superseded');
      }
      return;
    default:
  }
}
