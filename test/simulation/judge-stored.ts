import type { DecodedRecord } from '../../src/model/decoded-record.ts';
import { contentHash, deadLetterIdentity, windowId } from '../../src/model/identity.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { SettingsTimeline } from '../../src/sessions/settings-timeline.ts';
import { naiveWindows } from '../support/naive-windows.ts';
import type { MessageRow } from './rows.ts';
import { grouped } from './grouped.ts';
import { partitions } from './simulated-log.ts';
import type { SimulatedWorld } from './simulated-world.ts';

interface Entry {
  readonly record: LogRecord;
  readonly decoded: DecodedRecord;
}

/** Every record ended in exactly one place, and the windows are those of the set of messages. */
export function judgeStored(world: SimulatedWorld): string[] {
  const entries = partitions
    .flatMap((partition) => world.log.records(partition))
    .map((record) => ({ record, decoded: world.log.decoded(record) }));
  return [
    ...judgeMessages(world, entries),
    ...judgeOthers(world, entries),
    ...judgeWindows(world),
    ...judgePositions(world),
  ];
}

/** One row an identity, with one of the texts sent under it and then its newest; who has another is a dead letter. */
function judgeMessages({ database }: SimulatedWorld, entries: readonly Entry[]): string[] {
  const rows = database.messages.committed();
  const sent = entries.flatMap(({ decoded }) => (decoded.kind === 'message' ? [decoded.identity] : []));
  const found = differ(
    'messages',
    rows.map(({ identity }) => identity),
    [...new Set(sent)],
  );
  const byIdentity = new Map(rows.map((row) => [row.identity, row]));
  const letters = entries.flatMap(({ record, decoded }) => {
    if (decoded.kind === 'dead-letter') return [deadLetterIdentity(record)];
    if (decoded.kind !== 'message') return [];
    const hash = contentHash('secret', decoded.role, decoded.content);
    return hash === byIdentity.get(decoded.identity)?.contentHash ? [] : [deadLetterIdentity(record)];
  });
  const stored = database.deadLetters.committed().map(({ identity }) => identity);
  found.push(...differ('dead letters', stored, letters));
  const changedAtMs = new Map(
    database.changes.committed().map((change) => [change.identity, change.changedAtMs]),
  );
  for (const row of rows) found.push(...judgeText(row, entries, changedAtMs));
  return found;
}

/** @param changedAtMs as stored: when a change that was ahead of the clock was drawn back, only the store knows */
function judgeText(
  row: MessageRow,
  entries: readonly Entry[],
  changedAtMs: ReadonlyMap<string, number>,
): string[] {
  const own = entries.flatMap(({ decoded }) =>
    decoded.kind === 'change' && decoded.target === row.identity ? [decoded] : [],
  );
  if (own.some(({ content }) => content === null)) {
    return row.deleted && row.content === '' ? [] : ['a deleted message has its words'];
  }
  const newest = own
    .sort(
      (a, b) =>
        Number(changedAtMs.get(a.identity)) - Number(changedAtMs.get(b.identity)) ||
        Number(a.sentAtMs) - Number(b.sentAtMs) ||
        (a.identity < b.identity ? -1 : 1),
    )
    .at(-1);
  const expected = newest?.content;
  return expected === undefined || expected === row.content ? [] : ['a message has not its newest text'];
}

function judgeOthers({ database }: SimulatedWorld, entries: readonly Entry[]): string[] {
  const identities = (kind: 'change' | 'session-end'): string[] => [
    ...new Set(entries.flatMap(({ decoded }) => (decoded.kind === kind ? [decoded.identity] : []))),
  ];
  const ignored = entries.filter(({ decoded }) => decoded.kind === 'ignored').length;
  const counted = database.ignored.committed().reduce((sum, { records }) => sum + records, 0);
  return [
    ...differ(
      'changes',
      database.changes.committed().map(({ identity }) => identity),
      identities('change'),
    ),
    ...differ(
      'end markers',
      database.ends.committed().map(({ identity }) => identity),
      identities('session-end'),
    ),
    // Counted again where a reader had to begin anew.
    ...(ignored === counted || (database.hasBegunAnew && counted > ignored)
      ? []
      : ['ignored records were not counted once each']),
  ];
}

/** By the naive oracle, from the messages as stored: what was clamped keeps its stored time. */
function judgeWindows({ database }: SimulatedWorld): string[] {
  const { sessionKey: kind, dated, runId } = database.run;
  const timeline = new SettingsTimeline(dated);
  const byChannel = kind === 'bot,user,channel';
  const sessionOf = (row: MessageRow): string =>
    byChannel ? `${row.keyId}#${row.channelId ?? ''}` : row.keyId;
  const expected = [...grouped(database.messages.committed(), sessionOf)].flatMap(([session, rows]) => {
    const [first] = rows;
    const ends = database.ends
      .committed()
      .filter((end) => end.keyId === first?.keyId)
      .filter((end) => !byChannel || end.channelId === null || end.channelId === first?.channelId);
    return naiveWindows(rows, ends, (atMs) => timeline.at(atMs)).map((window) => {
      const members = rows.filter(({ identity }) => window.identities.includes(identity));
      const channels = new Set(members.map(({ channelId }) => channelId));
      const [botId = '', userId = ''] = (first?.keyId ?? '').split('/');
      const channelId = byChannel ? (first?.channelId ?? '') : null;
      return [
        session,
        windowId(runId, { botId, userId, channelId }, window.startedAtMs),
        ...[window.startedAtMs, window.endedAtMs, window.identities.length],
        channels.size === 1 ? [...channels][0] : null,
      ].join();
    });
  });
  const live = database.windows
    .committed()
    .filter(({ status }) => status !== 'superseded')
    .map((row) =>
      [row.sessionKey, row.windowId, row.startedAtMs, row.endedAtMs, row.messageCount, row.channelId].join(),
    );
  return differ('windows', live, expected);
}

function judgePositions({ database, log }: SimulatedWorld): string[] {
  const isStored = (partition: number): boolean =>
    (database.progress.find(String(partition))?.nextOffset ?? 0n) === log.end(partition);
  return partitions.every(isStored) ? [] : ['a position is not the end of the log'];
}

/** Each once, and no other; told without what they are. */
export function differ(what: string, found: readonly string[], expected: readonly string[]): string[] {
  return found.toSorted().join('\n') === expected.toSorted().join('\n')
    ? []
    : [`${what} are not those expected`];
}
