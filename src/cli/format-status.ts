import type { Spending } from '../adapters/postgres/read-spending.ts';
import type { Counts, StoreStatus, WaitingWork } from '../adapters/postgres/read-status.ts';
import type { Config } from '../config/config.ts';
import {
  settingDifferences,
  toRunConfiguration,
  type SettingDifference,
} from '../config/run-configuration.ts';
import type { PartitionOffsets } from '../publish/topic-admin.ts';
import { differenceText, settingsDocument, settingsLine } from './format-settings.ts';
import { spendingDocument, spendingLines } from './format-spending.ts';
import { alignColumns, printable, roughly, utcMinute } from './format-text.ts';
import { partitionLags, totalLag, type PartitionLag } from './partition-lag.ts';

export type LogStanding =
  | { readonly label: string; readonly offsets: readonly PartitionOffsets[] }
  /** `failed`: a code. */
  | { readonly label: string; readonly failed: string };

export interface Standing {
  /** Where the database is, without a password. */
  readonly database: string;
  readonly store: StoreStatus;
  readonly spending: Spending;
  readonly log: LogStanding;
  readonly config: Config;
  readonly nowMs: number;
}

/** One screen for people. */
export function formatStatus(standing: Standing): string[] {
  const { store, spending, log, config } = standing;
  const { messagesTopic, groupId } = config.kafka;
  const partitions = lagsOf(standing);
  const rows = [
    ['database', `${standing.database}, schema version ${store.schema.database}`],
    ['log', 'failed' in log ? `${log.label}: cannot be asked (${log.failed})` : log.label],
    [
      'reading',
      `${messagesTopic} as ${groupId}, ${partitions.length} partitions, ${totalLag(partitions)} records behind`,
    ],
    ...partitions.map((partition) => ['', partitionLine(partition, standing.nowMs)]),
    ['messages', `${store.messages}, of ${store.people} people`],
    ['windows', listed(store.windows)],
    ['extraction', `${listed(store.extractions)}${dueNote(store.due)}`],
    ...(Object.keys(store.failures).length === 0 ? [] : [['', `failed by ${listed(store.failures)}`]]),
    ['results', listed(store.results)],
    ...spendingLines(spending, config).map((line, index) => [index === 0 ? 'spending' : '', line]),
    ['to be sent', outboxLine(store.outbox)],
    ['dead letters', listed(store.deadLetters)],
    ['ignored types', listed(store.ignored)],
    [
      'log gaps',
      store.gaps === 0 ? 'none' : `${store.gaps}: the log had deleted records before they were read`,
    ],
    ['settings', settingsLine(store.settings)],
    ...differencesOf(standing).map((difference) => ['', differenceText(difference)]),
  ];
  return alignColumns(rows);
}

/** The same for a program; offsets are strings, for they may exceed a double. */
export function statusDocument(standing: Standing): Readonly<Record<string, unknown>> {
  const { store, log, database, config } = standing;
  return {
    database,
    schema: store.schema,
    log: { label: log.label, ...('failed' in log && { failed: log.failed }) },
    topic: config.kafka.messagesTopic,
    group: config.kafka.groupId,
    lag: Number(totalLag(lagsOf(standing))),
    partitions: lagsOf(standing).map(partitionDocument),
    messages: store.messages,
    people: store.people,
    windows: store.windows,
    extractions: { ...store.extractions },
    failures: { ...store.failures },
    due: waitingDocument(store.due),
    results: store.results,
    spending: spendingDocument(standing.spending, config),
    outbox: Object.fromEntries(
      Object.entries(store.outbox).map(([destination, waiting]) => [destination, waitingDocument(waiting)]),
    ),
    dead_letters: store.deadLetters,
    ignored: store.ignored,
    log_gaps: store.gaps,
    settings: store.settings === undefined ? null : settingsDocument(store.settings),
    settings_differ: differencesOf(standing).length > 0,
  };
}

function differencesOf({ store, config }: Standing): readonly SettingDifference[] {
  return store.settings === undefined ? [] : settingDifferences(store.settings, toRunConfiguration(config));
}

function lagsOf({ log, store }: Standing): PartitionLag[] {
  return 'failed' in log ? [] : partitionLags(log.offsets, store.partitions);
}

function partitionLine(
  { partition, committed, stored, end, lag, standing }: PartitionLag,
  nowMs: number,
): string {
  const behind = `partition ${partition}: at ${committed ?? 'the start'} of ${end}, ${lag} behind`;
  if (standing === undefined) return `${behind}, nothing read yet`;
  const ahead = stored !== undefined && stored !== committed ? `, stored up to ${stored}` : '';
  const { streamTimeMs, caughtUpAtMs } = standing;
  const caughtUp = caughtUpAtMs === null ? 'never' : `${roughly(nowMs - caughtUpAtMs)} ago`;
  const newest = streamTimeMs === null ? 'no message yet' : `newest message ${utcMinute(streamTimeMs)}`;
  return `${behind}${ahead}, ${newest}, caught up ${caughtUp}`;
}

function partitionDocument({ partition, committed, stored, end, lag, standing }: PartitionLag): object {
  return {
    partition,
    committed: committed?.toString() ?? null,
    stored: stored?.toString() ?? null,
    end: end.toString(),
    lag: Number(lag),
    stream_time: toIsoTime(standing?.streamTimeMs),
    caught_up_at: toIsoTime(standing?.caughtUpAtMs),
  };
}

function toIsoTime(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString();
}

function listed(counts: Counts): string {
  const entries = Object.entries(counts);
  if (entries.length === 0) return 'none';
  return entries.map(([name, count]) => `${count} ${printable(name)}`).join(' · ');
}

function dueNote({ count, oldestSeconds }: WaitingWork): string {
  return count === 0 ? '' : `; ${count} due, the oldest for ${roughly(oldestSeconds * 1_000)}`;
}

function outboxLine(outbox: StoreStatus['outbox']): string {
  const entries = Object.entries(outbox).map(
    ([destination, { count, oldestSeconds }]) =>
      `${count} to ${destination}, the oldest for ${roughly(oldestSeconds * 1_000)}`,
  );
  return entries.length === 0 ? 'nothing' : entries.join(' · ');
}

function waitingDocument({ count, oldestSeconds }: WaitingWork): object {
  return { count, oldest_seconds: oldestSeconds };
}
