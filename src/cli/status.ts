import { readBots } from '../adapters/postgres/read-bots.ts';
import { readSpending } from '../adapters/postgres/read-spending.ts';
import { readStatus } from '../adapters/postgres/read-status.ts';
import type { OpenDatabase } from '../resources.ts';
import { failureCode } from '../telemetry/failure.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { formatBots, botDocument } from './format-bots.ts';
import { botBudgets } from './format-spending.ts';
import { formatStatus, statusDocument, type LogStanding, type Standing } from './format-status.ts';

export interface StatusOptions {
  readonly json: boolean;
  readonly byBot?: boolean | undefined;
}

/**
 * Where everything stands, on one screen: counts and times, no word of anybody. With
 * `json` one object; with `byBot` a line, or an object, for each bot.
 */
export async function runStatus(context: CommandContext, options: StatusOptions): Promise<ExitCode> {
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const lines =
      options.byBot === true
        ? await botLines(database, options.json)
        : await statusLines(context, database, options.json);
    for (const line of lines) context.output.out(line);
    return 0;
  } finally {
    await database.stop();
  }
}

async function botLines({ pool }: OpenDatabase, json: boolean): Promise<string[]> {
  const bots = await readBots(pool);
  return json ? bots.map((bot) => JSON.stringify(botDocument(bot))) : formatBots(bots);
}

async function statusLines(
  context: CommandContext,
  database: OpenDatabase,
  json: boolean,
): Promise<string[]> {
  const { config } = context;
  const standing: Standing = {
    database: database.label,
    store: await readStatus(database.pool, config.kafka.messagesTopic),
    spending: await readSpending(database.pool, Object.keys(botBudgets(config))),
    log: await readLog(context, database),
    config,
    nowMs: Date.now(),
  };
  return json ? [JSON.stringify(statusDocument(standing))] : formatStatus(standing);
}

/** A log that is away must not hide what the database knows. */
async function readLog(context: CommandContext, database: OpenDatabase): Promise<LogStanding> {
  const { messagesTopic, groupId } = context.config.kafka;
  const admin = context.openTopicAdmin(database);
  const { label } = admin;
  try {
    return { label, offsets: await admin.offsets(messagesTopic, groupId) };
  } catch (error) {
    return { label, failed: failureCode(error) };
  } finally {
    await admin.stop();
  }
}
