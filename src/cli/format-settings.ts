import type { SettingsStanding } from '../adapters/postgres/read-status.ts';
import type { Config } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import { settingsForBot } from '../config/settings-for-bot.ts';
import { printable } from './format-text.ts';

export function settingsLine(settings: SettingsStanding | null): string {
  if (settings === null) return 'none in force: no worker has started on this database yet';
  const { runId, gapMs, maxMessages, maxDurationMs, sessionKey, gapMsByBot } = settings;
  const own = Object.entries(gapMsByBot).map(([bot, ms]) => `; ${printable(bot)}: gap ${formatDuration(ms)}`);
  return `run ${runId}: gap ${formatDuration(gapMs)}, at most ${maxMessages} messages and ${formatDuration(maxDurationMs)}, key ${sessionKey}${own.join('')}`;
}

export function settingsDocument({
  runId,
  gapMs,
  maxMessages,
  maxDurationMs,
  sessionKey,
  gapMsByBot,
}: SettingsStanding): object {
  return {
    run_id: String(runId),
    gap_ms: gapMs,
    max_messages: maxMessages,
    max_duration_ms: maxDurationMs,
    session_key: sessionKey,
    gap_ms_by_bot: gapMsByBot,
  };
}

/** What is configured here and not in force. */
export function settingDifferences(settings: SettingsStanding | null, config: Config): string[] {
  if (settings === null) return [];
  const { session, bots } = config;
  const botNames = new Set([...Object.keys(bots), ...Object.keys(settings.gapMsByBot)]);
  const pairs: (readonly [string, string, string])[] = [
    ['SESSION_GAP', formatDuration(session.gapMs), formatDuration(settings.gapMs)],
    ['SESSION_MAX_MESSAGES', String(session.maxMessages), String(settings.maxMessages)],
    ['SESSION_MAX_DURATION', formatDuration(session.maxDurationMs), formatDuration(settings.maxDurationMs)],
    ['SESSION_KEY', session.key, settings.sessionKey],
    ...[...botNames].map(
      (bot) =>
        [
          `gap of ${printable(bot)}`,
          formatDuration(settingsForBot(config, bot).gapMs),
          formatDuration(settings.gapMsByBot[bot] ?? settings.gapMs),
        ] as const,
    ),
  ];
  return pairs
    .filter(([, configured, inForce]) => configured !== inForce)
    .map(([name, configured, inForce]) => `${name} is configured as ${configured}; ${inForce} is in force`);
}
