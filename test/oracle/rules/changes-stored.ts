import type { DecodedChange, DecodedEnd } from '../decode/decoded.ts';
import { groupBy } from '../expect-windows.ts';
import { placeOf } from '../logged-record.ts';
import { matchUp } from '../match-up.ts';
import { possibleTimesMs, type Tellings } from '../meaning.ts';
import { personOf } from '../result-events.ts';
import type { Rule, Seen } from '../seen.ts';
import type { ChangeRow } from '../snapshot.ts';

interface ExpectedChange {
  readonly told: Tellings<DecodedChange>;
  /** '' of a delete, and of an edit of what was deleted. */
  readonly content: string;
}

/**
 * P2: every edit and delete of the log is one row, and no row is of none. Rows name their
 * message by a hash; where that message has a row its name is known, otherwise what
 * waits for a message is compared person by person.
 */
export const changesStored: Rule = (seen) => {
  const expected = expectedByGroup(seen);
  const rows = rowsByGroup(seen);
  return [...new Set([...expected.keys(), ...rows.keys()])].flatMap((group) => {
    const { missing, unexplained } = matchUp(expected.get(group) ?? [], rows.get(group) ?? [], fits);
    return [
      ...missing.map(({ told: [{ record }] }) => `${group}: the change at ${placeOf(record)} has no row`),
      ...unexplained.map(({ identity, kind }) => `${group}: ${kind} ${identity}: no record explains it`),
    ];
  });
};

function fits({ told, content }: ExpectedChange, row: ChangeRow): boolean {
  const kind = told[0].event.content === null ? 'delete' : 'edit';
  return row.kind === kind && row.content === content && possibleTimesMs(told).includes(row.changedAtMs);
}

function expectedByGroup({ meaning, messages }: Seen): Map<string, ExpectedChange[]> {
  const stored = new Set(messages.told.filter(({ rows }) => rows.length > 0).map(({ name }) => name));
  const groups = new Map<string, ExpectedChange[]>();
  for (const [name, changes] of meaning.changes) {
    const isDeleted = changes.some(([{ event }]) => event.content === null);
    for (const told of changes) {
      const { who, content } = told[0].event;
      const group = stored.has(name) ? name : personOf(who.botId, who.userId);
      const expected = { told, content: isDeleted ? '' : (content ?? '') };
      groups.set(group, [...(groups.get(group) ?? []), expected]);
    }
  }
  return groups;
}

function rowsByGroup({ messages, snapshot }: Seen): Map<string, ChangeRow[]> {
  const names = new Map(
    messages.told.flatMap(({ name, rows }) => rows.map(({ identity }) => [identity, name] as const)),
  );
  return groupBy(snapshot.changes, (row) => names.get(row.target) ?? personOf(row.botId, row.userId));
}

/** P2: every end marker of the log is one row, and no row is of none. */
export const endsStored: Rule = ({ meaning, snapshot }) => {
  const nameOf = ({ botId, userId, channelId }: DecodedEnd['who']): string =>
    `${personOf(botId, userId)} in ${channelId ?? 'all channels'}`;
  const expected = groupBy(meaning.ends, ([{ event }]) => nameOf(event.who));
  const rows = groupBy(snapshot.ends, (row) => nameOf({ ...row, channelType: null }));
  return [...new Set([...expected.keys(), ...rows.keys()])].flatMap((group) => {
    const { missing, unexplained } = matchUp(expected.get(group) ?? [], rows.get(group) ?? [], (told, row) =>
      possibleTimesMs(told).includes(row.endedAtMs),
    );
    return [
      ...missing.map(([{ record }]) => `${group}: the end marker at ${placeOf(record)} has no row`),
      ...unexplained.map(({ identity }) => `${group}: marker ${identity}: no record explains it`),
    ];
  });
};
