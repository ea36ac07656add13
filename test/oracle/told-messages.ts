import type { DecodedChange, DecodedMessage } from './decode/decoded.ts';
import type { LoggedRecord } from './logged-record.ts';
import {
  eventTimeMs,
  isAhead,
  nameOf,
  nameOfPlace,
  type Meaning,
  type Tellings,
  type Told,
} from './meaning.ts';
import type { MessageRow } from './snapshot.ts';

/** A message as it must be by now, and the row that holds it. */
export interface ToldMessage {
  readonly name: string;
  /** The record that became the row: the first to come of those that name it. */
  readonly source: Told<DecodedMessage>;
  /** All that name it, in the order of the log. */
  readonly records: readonly LoggedRecord[];
  /** Those of them with another role or text. */
  readonly conflicts: readonly LoggedRecord[];
  readonly repeats: number;
  /** None: it was lost. More than one: it was stored twice. */
  readonly rows: readonly MessageRow[];
  /** Its time lay too far ahead. */
  readonly isAhead: boolean;
  /** As sent; where the database's clock had a say, as it was stored. */
  readonly sentAtMs: number;
  readonly isDeleted: boolean;
  /** The newest text; several where changes of one moment tie. */
  readonly contents: readonly string[];
  /** Everything that it ever said. */
  readonly saidEver: readonly string[];
}

/** Joins what was told with the rows that hold it; rows that nothing explains are left over. */
export function tellMessages(
  meaning: Meaning,
  rows: readonly MessageRow[],
): { readonly told: readonly ToldMessage[]; readonly unexplained: readonly MessageRow[] } {
  const rowsByName = new Map<string, MessageRow[]>();
  const unexplained: MessageRow[] = [];
  for (const row of rows) {
    const name = [nameOf(row, row.messageId), nameOfPlace(row.partition, row.offset)].find((one) =>
      meaning.messages.has(one),
    );
    if (name === undefined) unexplained.push(row);
    else rowsByName.set(name, [...(rowsByName.get(name) ?? []), row]);
  }
  const told = [...meaning.messages].map(([name, tellings]) =>
    tellMessage(name, tellings, rowsByName.get(name) ?? [], meaning.changes.get(name) ?? []),
  );
  return { told, unexplained };
}

function tellMessage(
  name: string,
  tellings: Tellings<DecodedMessage>,
  rows: readonly MessageRow[],
  changes: readonly Tellings<DecodedChange>[],
): ToldMessage {
  const [row] = rows;
  const source = tellings.find(({ record }) => isSource(record, row)) ?? tellings[0];
  const isSame = ({ event }: Told<DecodedMessage>): boolean =>
    event.role === source.event.role && event.content === source.event.content;
  const conflicts = tellings.filter((one) => !isSame(one)).map(({ record }) => record);
  const ahead = isAhead(source);
  const isOfClock = ahead || (row !== undefined && source.record.timestampMs > row.receivedMs);
  const isDeleted = changes.some(([{ event }]) => event.content === null);
  const edits = changes.flatMap(([{ event }]) => event.content ?? []);
  return {
    name,
    source,
    records: tellings.map(({ record }) => record),
    conflicts,
    repeats: tellings.length - 1 - conflicts.length,
    rows,
    isAhead: ahead,
    sentAtMs: isOfClock ? (row?.sentAtMs ?? eventTimeMs(source)) : eventTimeMs(source),
    isDeleted,
    contents: isDeleted ? [''] : newestTexts(source.event.content, changes),
    saidEver: [source.event.content, ...edits],
  };
}

function isSource(record: LoggedRecord, row: MessageRow | undefined): boolean {
  return row?.partition === record.partition && row.offset === String(record.offset);
}

/** The newest edit wins; which of several of one moment does is the product's to say, by a hash. */
function newestTexts(original: string, edits: readonly Tellings<DecodedChange>[]): readonly string[] {
  if (edits.length === 0) return [original];
  const newestMs = Math.max(...edits.map(([first]) => eventTimeMs(first)));
  const newest = edits.filter(([first]) => eventTimeMs(first) === newestMs);
  return newest.flatMap(([{ event }]) => event.content ?? []);
}

/** The id by which evidence cites it. */
export function citedId({ source, rows: [row] }: ToldMessage): string | undefined {
  return row?.messageId ?? source.event.messageId ?? undefined;
}
