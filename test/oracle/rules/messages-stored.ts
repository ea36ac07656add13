import { placeOf } from '../logged-record.ts';
import { personOf } from '../result-events.ts';
import type { Rule, Seen } from '../seen.ts';
import type { MessageRow } from '../snapshot.ts';
import type { ToldMessage } from '../told-messages.ts';

/** P1, P2: every message of the log is one row, of the record that came first; and no row is of none. */
export const messagesStored: Rule = (seen) => {
  const { messages, meaning, snapshot } = seen;
  const persons = new Set(
    [
      ...[...meaning.messages.values()].flatMap(([{ event }]) => event.who),
      ...[...meaning.changes.values()].flatMap((changes) => changes.map(([{ event }]) => event.who)),
      ...meaning.ends.map(([{ event }]) => event.who),
    ].map(({ botId, userId }) => personOf(botId, userId)),
  );
  const strangers = snapshot.keys.filter(({ botId, userId }) => !persons.has(personOf(botId, userId)));
  return [
    ...messages.told.flatMap((one) => breachOf(one, seen)),
    ...messages.unexplained
      .filter((row) => !isBeforeLog(seen, row))
      .map(({ botId, userId, identity, partition, offset }) => {
        const whose = personOf(botId, userId);
        return `row ${identity} of ${whose}, from ${partition}@${offset}: no record explains it`;
      }),
    ...(isCut(seen) ? [] : strangers.map(({ keyId }) => `key ${keyId}: no record names its bot and user`)),
  ];
};

function breachOf(told: ToldMessage, seen: Seen): string[] {
  const { name, rows, source } = told;
  const [row, ...others] = rows;
  if (row === undefined) return [`${name}, from ${placeOf(source.record)}: it has no row`];
  if (others.length > 0) return [`${name}: it has ${rows.length} rows`];
  return [...sourceBreach(told, row, seen), ...fieldBreach(told, row)];
}

/** Of the records in one partition the first became the row; which of two partitions came first nobody can tell. */
function sourceBreach({ name, records }: ToldMessage, row: MessageRow, seen: Seen): string[] {
  const first = records.find(({ partition }) => partition === row.partition);
  if (String(first?.offset) === row.offset || isBeforeLog(seen, row)) return [];
  const expected = first === undefined ? 'none of that partition' : placeOf(first);
  return [`${name}: its row is from ${row.partition}@${row.offset}, the first record is ${expected}`];
}

function fieldBreach({ name, source: { event } }: ToldMessage, row: MessageRow): string[] {
  const wrong = [
    row.role === event.role ? '' : 'role',
    row.channelId === event.who.channelId ? '' : 'channel_id',
    row.channelType === event.who.channelType ? '' : 'channel_type',
  ].filter((field) => field !== '');
  return wrong.length === 0 ? [] : [`${name}: other than its record says: ${wrong.join(', ')}`];
}

/** Its record has gone by age since. */
function isBeforeLog({ log, input }: Seen, { partition, offset }: MessageRow): boolean {
  return log.partitions.some(
    (one) =>
      one.topic === input.topics.messages && one.partition === partition && BigInt(offset) < one.startOffset,
  );
}

function isCut({ log, input }: Seen): boolean {
  return log.partitions.some(({ topic, startOffset }) => topic === input.topics.messages && startOffset > 0n);
}
