import type { Member } from '../sessions/reconcile.ts';
import { SettingsTimeline } from '../sessions/settings-timeline.ts';
import type { LockedKey, NewSessionEnd, RunSettings } from './message-store.ts';
import type { Reconciliation } from './reconcile-windows.ts';

/** What a batch brought for one session key. */
export interface KeyArrivals {
  readonly key: LockedKey;
  readonly sessionKey: string;
  /** Of the session key; null where channels do not part sessions. */
  readonly channelId: string | null;
  readonly byChannel: boolean;
  readonly timeline: SettingsTimeline;
  /** Ascending by time. */
  readonly members: Member[];
  readonly endsMs: number[];
}

export async function groupBySessionKey(work: Reconciliation): Promise<KeyArrivals[]> {
  const groups = new Map<string, KeyArrivals>();
  const settings = new SettingsByKey(work.runs);
  const sessionKeyOf = await sessionKeyResolver(work, settings);
  const groupOf = (key: LockedKey, channelId: string | null): KeyArrivals => {
    const byChannel = settings.byChannel(key);
    const sessionKey = byChannel ? sessionKeyOf(key, channelId) : key.keyId;
    let group = groups.get(sessionKey);
    if (group === undefined) {
      const own = byChannel ? channelId : null;
      const timeline = settings.timelineOf(key);
      group = { key, sessionKey, channelId: own, byChannel, timeline, members: [], endsMs: [] };
      groups.set(sessionKey, group);
    }
    return group;
  };
  for (const message of work.arrived) groupOf(work.keyOf(message), message.channelId).members.push(message);
  for (const end of work.ends) {
    for (const channelId of channelsEndedBy(work, settings, end)) {
      groupOf(work.keyOf(end), channelId).endsMs.push(end.endedAtMs);
    }
  }
  for (const { members, endsMs } of groups.values()) {
    if (!ascends(members)) members.sort((a, b) => a.sentAtMs - b.sentAtMs);
    endsMs.sort((a, b) => a - b);
  }
  return [...groups.values()];
}

/** Most batches come in order already, and sorting costs more than looking. */
function ascends(members: readonly Member[]): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (const { sentAtMs } of members) {
    if (sentAtMs < before) return false;
    before = sentAtMs;
  }
  return true;
}

/** The settings of keys, each worked out once a batch. */
class SettingsByKey {
  readonly #runs: ReadonlyMap<number, RunSettings>;
  readonly #timelines = new Map<string, SettingsTimeline>();

  constructor(runs: readonly RunSettings[]) {
    this.#runs = new Map(runs.map((run) => [run.runId, run]));
  }

  byChannel(key: LockedKey): boolean {
    return this.#runOf(key).sessionKey === 'bot,user,channel';
  }

  timelineOf(key: LockedKey): SettingsTimeline {
    const { runId, dated, datedByBot } = this.#runOf(key);
    const ofBot = Object.hasOwn(datedByBot, key.botId) ? datedByBot[key.botId] : undefined;
    const name = `${runId}\u0000${ofBot === undefined ? '' : key.botId}`;
    let timeline = this.#timelines.get(name);
    if (timeline === undefined) this.#timelines.set(name, (timeline = new SettingsTimeline(ofBot ?? dated)));
    return timeline;
  }

  #runOf({ runId }: LockedKey): RunSettings {
    const run = this.#runs.get(runId);
    if (run === undefined) throw new Error(`run ${runId} has no settings`);
    return run;
  }
}

/**
 * Where channels part sessions, an end without a channel ends every channel of the key: those
 * that were known when it was locked, and those that came in the same batch.
 */
function channelsEndedBy(
  work: Reconciliation,
  settings: SettingsByKey,
  end: NewSessionEnd,
): readonly (string | null)[] {
  const key = work.keyOf(end);
  if (end.channelId !== null || !settings.byChannel(key)) return [end.channelId];
  const arrived = work.arrived.filter(({ keyIndex }) => keyIndex === end.keyIndex);
  return [...new Set([...key.channelIds, ...arrived.map((message) => message.channelId)])];
}

type SessionKeyOf = (key: LockedKey, channelId: string | null) => string;

/** Asks for the session keys of channels, where channels part sessions. */
async function sessionKeyResolver(work: Reconciliation, settings: SettingsByKey): Promise<SessionKeyOf> {
  const wanted = new Map<string, { keyId: string; channelId: string | null }>();
  const want = (key: LockedKey, channelId: string | null): void => {
    wanted.set(channelText(key.keyId, channelId), { keyId: key.keyId, channelId });
  };
  for (const message of work.arrived) {
    const key = work.keyOf(message);
    if (settings.byChannel(key)) want(key, message.channelId);
  }
  for (const end of work.ends) {
    const key = work.keyOf(end);
    if (!settings.byChannel(key)) continue;
    for (const channelId of channelsEndedBy(work, settings, end)) want(key, channelId);
  }
  const rows = wanted.size === 0 ? [] : await work.transaction.sessionKeys([...wanted.values()]);
  const sessionKeys = new Map(rows.map((row) => [channelText(row.keyId, row.channelId), row.sessionKey]));
  return (key, channelId) => sessionKeys.get(channelText(key.keyId, channelId)) ?? missingSessionKey();
}

function missingSessionKey(): never {
  throw new Error('a channel of the batch has no session key');
}

function channelText(keyId: string, channelId: string | null): string {
  return `${keyId}\u0000${channelId ?? ''}`;
}
