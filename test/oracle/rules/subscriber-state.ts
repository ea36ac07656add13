import { canonicalJson } from '../canonical-json.ts';
import { isObject, type Fields } from '../decode/read-json.ts';
import { changesOf, isCut, personOf, type ResultEvent } from '../result-events.ts';
import type { Rule, Seen } from '../seen.ts';
import { liveWindows } from './windows-cut.ts';
import { toldForm } from './told-form.ts';

/** What a subscriber holds who lets the highest sequence win; `undefined` content: told by its id only. */
interface Held {
  /** By window and stage. */
  readonly results: Map<string, unknown>;
  /** By person and id, those that hold now. */
  readonly memory: Map<string, unknown>;
}

/** Whoever follows the topic ends with what Postgres holds: current results, facts and preferences. */
export const subscriberState: Rule = (seen) => {
  const held: Held = { results: new Map(), memory: new Map() };
  for (const event of seen.results.events.toSorted((a, b) => a.sequence - b.sequence)) apply(held, event);
  return [
    ...differences('result', held.results, storedResults(seen)),
    ...differences('memory', held.memory, storedMemory(seen)),
  ];
};

function apply(held: Held, event: ResultEvent): void {
  const { type, data } = event;
  const windowId = String(data['window_id']);
  switch (type) {
    case 'afterword.stage.completed.v1':
      held.results.set(`${windowId} ${String(data['stage'])}`, isCut(event) ? undefined : data['result']);
      return;
    case 'afterword.window.enriched.v1':
      for (const [stage, end] of Object.entries(isObject(data['stages']) ? data['stages'] : {}))
        applyEnd(held, `${windowId} ${stage}`, end, isCut(event));
      return;
    case 'afterword.window.superseded.v1':
      for (const name of held.results.keys()) if (name.startsWith(`${windowId} `)) held.results.delete(name);
      return;
    case 'afterword.memory.changed.v1':
      for (const change of changesOf(event)) if (isObject(change)) applyChange(held, event, change);
      return;
    default:
  }
}

/** A stage that failed leaves what was there; one that was skipped has nothing to say any more. */
function applyEnd({ results }: Held, name: string, end: unknown, cut: boolean): void {
  if (!isObject(end)) return;
  if (end['status'] === 'skipped') results.delete(name);
  if (end['status'] === 'done' && !cut) results.set(name, end['result']);
}

function applyChange({ memory }: Held, event: ResultEvent, change: Fields): void {
  const name = memoryName(event.botId, event.userId, String(change['kind']), String(change['id']));
  if (change['change'] !== 'confirmed') memory.delete(name);
  else memory.set(name, isCut(event) ? undefined : toldForm(change));
}

function memoryName(botId: string, userId: string, kind: string, id: string): string {
  return `${kind} ${id} of ${personOf(botId, userId)}`;
}

function storedResults(seen: Seen): Map<string, unknown> {
  const live = new Set(liveWindows(seen).map(({ windowId }) => windowId));
  const rows = seen.snapshot.stages
    .filter(({ isLive, status, windowId }) => isLive && status === 'done' && live.has(windowId))
    .toSorted((a, b) => a.revision - b.revision);
  return new Map(rows.map(({ windowId, stage, result }) => [`${windowId} ${stage}`, result]));
}

function storedMemory({ snapshot }: Seen): Map<string, unknown> {
  const runs = new Map(snapshot.keys.map((key) => [personOf(key.botId, key.userId), key.runId]));
  const memory = [
    ...snapshot.facts.map((row) => ({ ...row, kind: 'fact', item: row.fact })),
    ...snapshot.preferences.map((row) => ({ ...row, kind: 'preference', item: row.preference })),
  ];
  return new Map(
    memory
      .filter(({ botId, userId, runId, status }) => {
        return status === 'current' && runs.get(personOf(botId, userId)) === runId;
      })
      .map(({ botId, userId, kind, id, item }) => [memoryName(botId, userId, kind, id), toldForm(item)]),
  );
}

function differences(
  what: string,
  held: ReadonlyMap<string, unknown>,
  stored: ReadonlyMap<string, unknown>,
): string[] {
  return [
    ...[...stored.keys()].filter((name) => !held.has(name)).map((name) => `${what} ${name}: never told`),
    ...[...held].flatMap(([name, content]) => {
      if (!stored.has(name)) return [`${what} ${name}: told, and Postgres has it no more`];
      const isSame = content === undefined || canonicalJson(content) === canonicalJson(stored.get(name));
      return isSame ? [] : [`${what} ${name}: told otherwise than Postgres has it`];
    }),
  ];
}
