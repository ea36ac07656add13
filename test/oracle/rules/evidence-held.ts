import { isObject, type Fields } from '../decode/read-json.ts';
import { groupBy, personOfMessage } from '../expect-windows.ts';
import { personOf } from '../result-events.ts';
import type { Rule, Seen } from '../seen.ts';
import type { WindowRow } from '../snapshot.ts';
import { citedId, type ToldMessage } from '../told-messages.ts';
import { liveWindows } from './windows-cut.ts';

interface Claim {
  readonly name: string;
  readonly person: string;
  /** Of all its evidence; null: each piece names its own. */
  readonly windowId: string | null;
  readonly evidence: unknown;
}

/**
 * P5: whatever is believed now stands on verbatim words of messages of its own window, at least
 * one of them the user's.
 */
export const evidenceHeld: Rule = (seen) => {
  const windows = new Map(liveWindows(seen).map((window) => [window.windowId, window]));
  const messages = groupBy(seen.messages.told, (one) => nameOf(personOfMessage(one), citedId(one) ?? ''));
  return claimsOf(seen).flatMap((claim) =>
    faultsOf(claim, windows, messages).map((fault) => `${claim.name}: ${fault}`),
  );
};

function nameOf(person: string, messageId: string): string {
  return `${person} ${messageId}`;
}

function claimsOf({ snapshot }: Seen): Claim[] {
  const observed = snapshot.observations
    .filter(({ isLive, observation }) => isLive && !isByHand(observation, 'origin'))
    .map(({ observationId, kind, botId, userId, windowId, observation }) => ({
      name: `observation ${observationId}`,
      person: personOf(botId, userId),
      windowId,
      evidence: partOf(partOf(observation, kind), 'evidence'),
    }));
  const remembered = [
    ...snapshot.facts.map((row) => ({ ...row, name: `fact ${row.id}`, item: row.fact })),
    ...snapshot.preferences.map((row) => ({ ...row, name: `preference ${row.id}`, item: row.preference })),
  ]
    .filter(({ item }) => !isByHand(item, 'method'))
    .map(({ name, botId, userId, item }) => ({
      name,
      person: personOf(botId, userId),
      windowId: null,
      evidence: partOf(item, 'evidence'),
    }));
  return [...observed, ...remembered];
}

function isByHand(item: unknown, field: string): boolean {
  return partOf(item, field) === 'manual';
}

function partOf(value: unknown, field: string): unknown {
  return isObject(value) ? value[field] : undefined;
}

function faultsOf(
  claim: Claim,
  windows: ReadonlyMap<string, WindowRow>,
  messages: ReadonlyMap<string, readonly ToldMessage[]>,
): string[] {
  const pieces = Array.isArray(claim.evidence) ? (claim.evidence as unknown[]).filter(isObject) : [];
  if (pieces.length === 0) return ['no evidence'];
  const cited = pieces.map((piece) => {
    const windowId = claim.windowId ?? String(piece['windowId']);
    return { piece, windowId, found: citedBy(claim, piece, windows.get(windowId), messages) };
  });
  return [
    ...cited.flatMap(({ piece, windowId, found }) => {
      if (!windows.has(windowId)) return [`its window ${windowId} is not live`];
      return found === undefined ? [`no words of message ${idOf(piece)} in window ${windowId}`] : [];
    }),
    ...(cited.some(({ found }) => found?.source.event.role === 'user')
      ? []
      : ['nothing of it is the user’s']),
  ];
}

/** The message that says exactly that, in that window. */
function citedBy(
  { person }: Claim,
  piece: Fields,
  window: WindowRow | undefined,
  messages: ReadonlyMap<string, readonly ToldMessage[]>,
): ToldMessage | undefined {
  const { quote } = piece;
  const channel = 'channel_id' in piece ? piece['channel_id'] : piece['channelId'];
  if (typeof quote !== 'string' || quote === '' || window === undefined) return undefined;
  return messages
    .get(nameOf(person, idOf(piece)))
    ?.find(({ source: { event }, sentAtMs, isDeleted, contents }) => {
      const isWithin = sentAtMs >= window.startedAtMs && sentAtMs <= window.endedAtMs;
      const isThere = channel === undefined || channel === event.who.channelId;
      return isWithin && isThere && !isDeleted && contents.some((content) => content.includes(quote));
    });
}

function idOf(piece: Fields): string {
  return String(piece['message_id'] ?? piece['messageId']);
}
