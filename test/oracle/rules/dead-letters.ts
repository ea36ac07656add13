import { headerOf, placeOf, type LoggedRecord } from '../logged-record.ts';
import { groupBy } from '../expect-windows.ts';
import type { Rule, Seen } from '../seen.ts';
import type { DeadLetterRow } from '../snapshot.ts';

interface Expected {
  readonly record: LoggedRecord;
  readonly reason: string;
}

/** What can never be used, by the place of its record. */
function expectedLetters({ meaning, messages }: Seen): ReadonlyMap<string, Expected> {
  const conflicts = messages.told.flatMap((told) => told.conflicts);
  const all = [...meaning.refused, ...conflicts.map((record) => ({ record, reason: 'conflicting-content' }))];
  return new Map(all.map((letter) => [placeOf(letter.record), letter]));
}

/** P2: what must be refused is one dead letter with its bytes, headers, origin and reason, and nothing else is one. */
export const deadLetters: Rule = (seen) => {
  const expected = expectedLetters(seen);
  const rows = groupBy(seen.snapshot.deadLetters, placeOfRow);
  return [
    ...[...expected].flatMap(([place, letter]) => breachOf(place, letter, rows.get(place) ?? [])),
    ...[...rows]
      .filter(([place, [row]]) => !expected.has(place) && row !== undefined && !isBeforeLog(seen, row))
      .map(([place, [row]]) => `${place}: a dead letter (${row?.reason ?? ''}), but it could be used`),
  ];
};

function placeOfRow({ topic, partition, offset }: DeadLetterRow): string {
  return `${topic}/${partition}@${offset}`;
}

function isBeforeLog({ log }: Seen, { topic, partition, offset }: DeadLetterRow): boolean {
  return log.partitions.some(
    (one) => one.topic === topic && one.partition === partition && BigInt(offset) < one.startOffset,
  );
}

function breachOf(place: string, { record, reason }: Expected, rows: readonly DeadLetterRow[]): string[] {
  const [row, ...others] = rows;
  if (row === undefined) return [`${place}: must be refused (${reason}), and is no dead letter`];
  if (others.length > 0) return [`${place}: ${rows.length} dead letters`];
  const headers = record.headers.map(([name, value]) => [name, value?.toString('base64') ?? null] as const);
  const wrong = [
    row.reason === reason ? '' : `its reason is ${row.reason}, not ${reason}`,
    isSame(row.value, record.value) ? '' : 'its bytes differ',
    isSame(row.key, record.key) ? '' : 'its key differs',
    row.recordAtMs === record.timestampMs ? '' : 'its time differs',
    sorted(row.headers) === sorted(headers) ? '' : 'its headers differ',
  ].filter((fault) => fault !== '');
  return wrong.length === 0 ? [] : [`${place}, dead letter ${row.id}: ${wrong.join('; ')}`];
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function sorted(headers: DeadLetterRow['headers']): string {
  return JSON.stringify(headers.map((header) => JSON.stringify(header)).sort());
}

/** Every dead letter is on its topic, more than once perhaps, byte for byte; and nothing else is. */
export const deadLetterTopic: Rule = (seen) => {
  const expected = expectedLetters(seen);
  const copies = groupBy(
    seen.log.records.filter(({ topic }) => topic === seen.input.topics.deadLetter),
    originOf,
  );
  return [
    ...[...expected.keys()]
      .filter((place) => !copies.has(place))
      .map((place) => `${place}: its dead letter is not on the topic`),
    ...[...copies].flatMap(([place, all]) =>
      all.flatMap((copy) => wrongCopy(place, copy, expected.get(place))),
    ),
  ];
};

function originOf(copy: LoggedRecord): string {
  const part = (name: string): string => headerOf(copy, `afterword_${name}`) ?? '?';
  return `${part('topic')}/${part('partition')}@${part('offset')}`;
}

function wrongCopy(place: string, copy: LoggedRecord, letter: Expected | undefined): string[] {
  if (letter === undefined) return [`${placeOf(copy)}: a copy of ${place}, which is no dead letter`];
  const reason = headerOf(copy, 'afterword_reason');
  if (reason !== letter.reason) return [`${placeOf(copy)}: its reason is not ${letter.reason}`];
  // Too large for this topic: the bytes stay in Postgres.
  if (headerOf(copy, 'afterword_truncated') === 'true') return [];
  const isWhole = isSame(copy.value, letter.record.value) && isSame(copy.key, letter.record.key);
  return isWhole ? [] : [`${placeOf(copy)}: other bytes than ${place}`];
}
