import { canonicalJson } from './canonical-json.ts';
import { headerOf, placeOf, type LoggedRecord } from './logged-record.ts';
import { isObject, type Fields } from './decode/read-json.ts';

export interface ResultEvent {
  readonly place: string;
  readonly partition: number;
  readonly id: string;
  readonly type: string;
  /** `bot/user`, exact. */
  readonly person: string;
  readonly botId: string;
  readonly userId: string;
  readonly sequence: number;
  readonly data: Fields;
}

/** What a subscriber is left with once it has dropped the sequences that it knows. */
export interface ResultsRead {
  /** Of each person in the order in which they came. */
  readonly events: readonly ResultEvent[];
  readonly resends: number;
  /** What breaks the promises of the topic's order. */
  readonly problems: readonly string[];
}

export function personOf(botId: string, userId: string): string {
  return JSON.stringify([botId, userId]);
}

export function readResults(records: readonly LoggedRecord[]): ResultsRead {
  const reader = new Reader();
  for (const record of records) reader.read(record);
  return { events: reader.events, resends: reader.resends, problems: reader.problems };
}

class Reader {
  readonly events: ResultEvent[] = [];
  readonly problems: string[] = [];
  resends = 0;
  readonly #bySequence = new Map<string, Map<number, ResultEvent>>();
  readonly #byId = new Map<string, ResultEvent>();
  readonly #highest = new Map<string, ResultEvent>();

  read(record: LoggedRecord): void {
    const event = parse(record);
    if (event === undefined) {
      this.problems.push(`${placeOf(record)}: not an event with bot, user and sequence`);
      return;
    }
    const { person, sequence, botId, userId } = event;
    if (record.key?.toString('utf8') !== `${botId}/${userId}`) this.#tell(event, 'its key is not bot/user');
    const known = this.#bySequence.get(person) ?? new Map<number, ResultEvent>();
    this.#bySequence.set(person, known);
    const first = known.get(sequence);
    if (first !== undefined) {
      this.#resent(first, event);
      return;
    }
    const last = this.#highest.get(person);
    if (last !== undefined && sequence < last.sequence)
      this.#tell(event, `new, though ${last.sequence} came before it at ${last.place}`);
    else this.#highest.set(person, event);
    if (last !== undefined && last.partition !== event.partition)
      this.#tell(event, `its person's events were in partition ${last.partition} before`);
    const sameId = this.#byId.get(event.id);
    if (sameId !== undefined) this.#tell(event, `ce_id ${event.id} was sequence ${sameId.sequence} before`);
    known.set(sequence, event);
    this.#byId.set(event.id, event);
    this.events.push(event);
  }

  /** The same event once more: the same id and data, or it is another one. */
  #resent(first: ResultEvent, event: ResultEvent): void {
    this.resends += 1;
    if (first.id !== event.id) this.#tell(event, `ce_id ${event.id}, at ${first.place} it was ${first.id}`);
    else if (first.type !== event.type) this.#tell(event, `its type was ${first.type} at ${first.place}`);
    else if (!repeats(first, event)) this.#tell(event, `its data is other than at ${first.place}`);
  }

  #tell({ place, type, person, sequence }: ResultEvent, problem: string): void {
    this.problems.push(`${place}: ${type} of ${person}, sequence ${sequence}: ${problem}`);
  }
}

/**
 * A delete takes changes that cite the message out of what waits to be sent, which may have been
 * sent already by a relay that could not say so: then the resend tells less, never more.
 */
function repeats(first: ResultEvent, again: ResultEvent): boolean {
  if (isCut(first) || isCut(again)) return true;
  if (canonicalJson(first.data) === canonicalJson(again.data)) return true;
  if (first.type !== 'afterword.memory.changed.v1') return false;
  const told = new Set(changesOf(first).map(canonicalJson));
  const isLess = changesOf(again).every((change) => told.has(canonicalJson(change)));
  return (
    isLess && canonicalJson({ ...again.data, changes: [] }) === canonicalJson({ ...first.data, changes: [] })
  );
}

export function changesOf({ data }: ResultEvent): readonly unknown[] {
  return Array.isArray(data['changes']) ? data['changes'] : [];
}

/** It holds ids only: it was too large, or told of what was deleted. */
export function isCut({ data }: ResultEvent): boolean {
  return data['truncated'] === true;
}

function parse(record: LoggedRecord): ResultEvent | undefined {
  const data = parseJson(record.value);
  const id = headerOf(record, 'ce_id');
  const type = headerOf(record, 'ce_type');
  if (!isObject(data) || id === undefined || type === undefined) return undefined;
  const { bot_id: botId, user_id: userId, sequence } = data;
  if (typeof botId !== 'string' || typeof userId !== 'string' || typeof sequence !== 'number')
    return undefined;
  const person = personOf(botId, userId);
  const { partition } = record;
  return { place: placeOf(record), partition, id, type, person, botId, userId, sequence, data };
}

function parseJson(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}
