import {
  readStatus,
  readStatusByBot,
  type Counts,
  type StoreStatus,
} from '../adapters/postgres/read-status.ts';
import type { PartitionOffsets } from '../publish/topic-admin.ts';
import type { OpenDatabase } from '../resources.ts';
import { failureCode } from '../telemetry/failure.ts';
import type { CommandContext, ExitCode, Output } from './command-context.ts';

export interface StatusOptions {
  readonly json: boolean;
  readonly byBot: boolean;
}

/** Where everything stands, on one screen. */
export async function runStatus(context: CommandContext, options: StatusOptions): Promise<ExitCode> {
  const { output, config } = context;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    if (options.byBot) {
      for (const bot of await readStatusByBot(database.pool)) output.out(JSON.stringify(bot));
      return 0;
    }
    const store = await readStatus(database.pool, config.kafka.messagesTopic);
    const log = await readLog(context, database);
    if (options.json) output.out(JSON.stringify(toJson(store, log)));
    else print(context, database, store, log);
    return 0;
  } finally {
    await database.stop();
  }
}

type LogStatus =
  | { readonly label: string; readonly offsets: readonly PartitionOffsets[] }
  /** A log that is away must not hide what the database knows. */
  | { readonly label: string; readonly failed: string };

async function readLog(context: CommandContext, database: OpenDatabase): Promise<LogStatus> {
  const { config } = context;
  const admin = context.openTopicAdmin(database);
  const { label } = admin;
  try {
    return { label, offsets: await admin.offsets(config.kafka.messagesTopic, config.kafka.groupId) };
  } catch (error) {
    return { label, failed: failureCode(error) };
  } finally {
    await admin.stop();
  }
}

interface PartitionLag {
  readonly partition: number;
  readonly position: string;
  readonly end: string;
  readonly lag: number;
}

function lags(store: StoreStatus, log: LogStatus): PartitionLag[] {
  if ('failed' in log) return [];
  const stored = new Map(store.partitions.map(({ partition, nextOffset }) => [partition, nextOffset]));
  return log.offsets.map(({ partition, start, end, committed }) => {
    const position = committed ?? stored.get(partition) ?? start;
    return {
      partition,
      position: position.toString(),
      end: end.toString(),
      lag: Number(end > position ? end - position : 0n),
    };
  });
}

function toJson(store: StoreStatus, log: LogStatus): object {
  return {
    ...store,
    log: log.label,
    partitions: lags(store, log),
    ...('failed' in log && { log_failed: log.failed }),
  };
}

function print(context: CommandContext, database: OpenDatabase, store: StoreStatus, log: LogStatus): void {
  const { output, config } = context;
  line(output, 'database', `${database.label}, schema version ${store.schema.database}`);
  line(output, 'log', 'failed' in log ? `${log.label}: ${log.failed}` : log.label);
  const behind = lags(store, log);
  const lag = behind.reduce((sum, partition) => sum + partition.lag, 0);
  line(output, config.kafka.messagesTopic, `${behind.length} partitions, ${lag} records behind`);
  for (const { partition, position, end, lag: own } of behind.filter((entry) => entry.lag > 0)) {
    line(output, '', `partition ${partition}: at ${position} of ${end}, ${own} behind`);
  }
  line(output, 'messages', `${store.messages} of ${store.people} people`);
  line(output, 'windows', list(store.windows));
  line(output, 'extraction', `${list(store.extractions)}${waiting(store)}`);
  line(output, 'results', list(store.results));
  line(output, 'to be sent', list(store.outbox));
  line(output, 'dead letters', list(store.deadLetters));
  if (Object.keys(store.ignored).length > 0) line(output, 'ignored types', list(store.ignored));
  if (store.gaps > 0) line(output, 'log gaps', `${store.gaps}: records that retention took unread`);
}

function waiting({ oldestWaitingSeconds }: StoreStatus): string {
  return oldestWaitingSeconds > 0 ? `; the oldest has waited ${oldestWaitingSeconds} s` : '';
}

function line(output: Output, name: string, text: string): void {
  output.out(`${name.padEnd(16)} ${text}`);
}

function list(counts: Counts): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${count} ${name}`).join(' · ');
}
