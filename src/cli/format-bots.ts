import type { BotStanding } from '../adapters/postgres/read-bots.ts';
import { alignColumns, printable, utcDay } from './format-text.ts';

export function botDocument(bot: BotStanding): Readonly<Record<string, unknown>> {
  return {
    bot_id: bot.botId,
    people: bot.people,
    windows: bot.windows,
    pending: bot.pending,
    failed: bot.failed,
    summaries: { model: bot.summariesByModel, offline: bot.summariesOffline },
    first: new Date(bot.firstMs).toISOString(),
    latest: new Date(bot.latestMs).toISOString(),
  };
}

const head = ['bot', 'people', 'windows', 'pending', 'failed', 'summaries', 'offline', 'first', 'latest'];

export function formatBots(bots: readonly BotStanding[]): string[] {
  if (bots.length === 0) return ['no windows of any bot'];
  const rows = bots.map((bot) => [
    printable(bot.botId),
    String(bot.people),
    String(bot.windows),
    String(bot.pending),
    String(bot.failed),
    String(bot.summariesByModel + bot.summariesOffline),
    String(bot.summariesOffline),
    utcDay(bot.firstMs),
    utcDay(bot.latestMs),
  ]);
  return alignColumns([head, ...rows]);
}
