import { canonicalJson } from '../canonical-json.ts';
import { isObject } from '../decode/read-json.ts';
import { personOf, type ResultEvent } from '../result-events.ts';
import type { Rule, Seen } from '../seen.ts';
import type { KeyRow, OutboxRow } from '../snapshot.ts';

/**
 * No event tells of what was never committed: each has its person's row, a sequence that was
 * given, and the window, revision and stages that it speaks of. Where the row that it was
 * sent from is still there, it says the same; and what counts as sent is on the topic.
 */
export const resultEventsExplained: Rule = (seen) => {
  const places = new Places(seen);
  return [
    ...seen.results.events.flatMap((event) =>
      places.faultsOf(event).map((fault) => `${event.place}: ${event.type} ${event.id}: ${fault}`),
    ),
    ...outboxFaults(seen),
  ];
};

class Places {
  readonly #keys: ReadonlyMap<string, KeyRow>;
  readonly #windows: ReadonlyMap<string, string>;
  readonly #work: ReadonlySet<string>;
  /** Status by window, revision and stage. */
  readonly #stages: ReadonlyMap<string, string>;
  readonly #revisions: ReadonlySet<string>;

  constructor({ snapshot }: Seen) {
    this.#keys = new Map(snapshot.keys.map((key) => [personOf(key.botId, key.userId), key]));
    this.#windows = new Map(snapshot.windows.map((one) => [one.windowId, personOf(one.botId, one.userId)]));
    this.#work = new Set(snapshot.work.map(({ windowId }) => windowId));
    this.#stages = new Map(
      snapshot.stages.map(({ windowId, revision, stage, status }) => [
        `${windowId} ${revision} ${stage}`,
        status,
      ]),
    );
    this.#revisions = new Set(snapshot.stages.map(({ windowId, revision }) => `${windowId} ${revision}`));
  }

  faultsOf(event: ResultEvent): string[] {
    const key = this.#keys.get(event.person);
    if (key === undefined) return ['nobody knows its bot and user'];
    return [
      event.sequence <= key.lastSequence
        ? ''
        : `sequence ${event.sequence}, given were ${key.lastSequence} at most`,
      event.data['run_id'] === String(key.runId) ? '' : 'it is not of the active run',
      this.#windowFault(event),
      this.#contentFault(event),
    ].filter((fault) => fault !== '');
  }

  #windowFault({ person, data }: ResultEvent): string {
    const windowId = data['window_id'] ?? null;
    if (windowId === null) return '';
    if (typeof windowId !== 'string') return 'its window has no id';
    const owner = this.#windows.get(windowId);
    if (owner === undefined) return `there is no window ${windowId}`;
    return owner === person ? '' : `window ${windowId} is another person's`;
  }

  #contentFault({ type, data }: ResultEvent): string {
    const windowId = String(data['window_id']);
    const revision = String(data['revision']);
    const stageIs = (stage: string, status: unknown): boolean =>
      this.#stages.get(`${windowId} ${revision} ${stage}`) === status;
    switch (type) {
      case 'afterword.window.closed.v1':
      case 'afterword.window.superseded.v1':
        return this.#work.has(windowId) ? '' : `window ${windowId} never closed`;
      case 'afterword.stage.completed.v1': {
        const stage = String(data['stage']);
        return stageIs(stage, 'done') ? '' : `no ${stage} of revision ${revision} is done`;
      }
      case 'afterword.window.enriched.v1': {
        const told = Object.entries(isObject(data['stages']) ? data['stages'] : {});
        const wrong = told.filter(([stage, end]) => !isObject(end) || !stageIs(stage, end['status']));
        return wrong.length === 0
          ? ''
          : `other ends of revision ${revision}: ${wrong.map(([stage]) => stage).join()}`;
      }
      case 'afterword.memory.changed.v1':
        return data['window_id'] === null || this.#revisions.has(`${windowId} ${revision}`)
          ? ''
          : `window ${windowId} has no revision ${revision}`;
      default:
        return type === 'afterword.user.erased.v1' ? '' : 'an unknown type';
    }
  }
}

function outboxFaults({ snapshot, results }: Seen): string[] {
  const persons = new Map(snapshot.keys.map((key) => [key.keyId, personOf(key.botId, key.userId)]));
  const nameOf = (person: string | undefined, sequence: number | null): string =>
    `${person ?? ''} ${sequence ?? ''}`;
  const events = new Map(results.events.map((event) => [nameOf(event.person, event.sequence), event]));
  return snapshot.outbox
    .filter(({ destination }) => destination === 'results')
    .flatMap((row) => {
      const event = events.get(nameOf(persons.get(row.keyId ?? ''), row.sequence));
      const fault = outboxFault(row, event);
      return fault === ''
        ? []
        : [`outbox ${row.outboxId}: ${row.eventType ?? ''} ${row.eventId ?? ''}: ${fault}`];
    });
}

function outboxFault({ isSent, eventId, eventType, event: data }: OutboxRow, event?: ResultEvent): string {
  if (event === undefined) return isSent ? 'sent, and it is not on the topic' : '';
  if (event.id !== eventId || event.type !== eventType)
    return `another event has its sequence, at ${event.place}`;
  // A delete takes changes out of what was sent already, and what is too large is cut on its way.
  if (eventType === 'afterword.memory.changed.v1' || event.data['truncated'] === true) return '';
  return canonicalJson(event.data) === canonicalJson(data) ? '' : `${event.place} says something else`;
}
