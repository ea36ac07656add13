import {
  eachWindow,
  windowStates,
  type ListedWindow,
  type WindowFilter,
  type WindowState,
} from '../adapters/postgres/read-windows.ts';
import { builtInStageNames } from '../config/stage-names.ts';
import { AfterwordError } from '../errors.ts';
import { toUsd } from '../model/model-cost.ts';
import type { CommandContext, ExitCode, Output } from './command-context.ts';
import { alignColumns, printable, roughly, utcMinute } from './format-text.ts';

export interface WindowsOptions {
  readonly json: boolean;
  readonly bot?: string | undefined;
  readonly user?: string | undefined;
  readonly status?: string | undefined;
  readonly limit?: number | undefined;
  readonly all?: boolean | undefined;
}

/** What fits a screen; a program gets all of them. */
const limitForPeople = 50;

/**
 * Lists windows, newest last. With `json` one object a line, with the window fields of the
 * results topic and `status`.
 *
 * @throws AfterwordError INPUT_INVALID for an unknown status
 */
export async function runWindows(context: CommandContext, options: WindowsOptions): Promise<ExitCode> {
  const filter: WindowFilter = {
    botId: options.bot,
    userId: options.user,
    state: readState(options.status),
    all: options.all,
    limit: options.limit ?? (options.json ? undefined : limitForPeople),
    withCosts: options.json,
  };
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    if (options.json) {
      await eachWindow(database.pool, filter, (window) => {
        context.signal.throwIfAborted();
        context.output.out(JSON.stringify(toJson(window)));
      });
      return 0;
    }
    const windows: ListedWindow[] = [];
    await eachWindow(database.pool, filter, (window) => windows.push(window));
    showTable(windows, options, context.output);
    return 0;
  } finally {
    await database.stop();
  }
}

function readState(status: string | undefined): WindowState | undefined {
  const state = windowStates.find((known) => known === status);
  if (status === undefined || state !== undefined) return state;
  throw new AfterwordError('INPUT_INVALID', 'there is no such status of a window', {
    hint: `it is one of ${windowStates.join(', ')}`,
  });
}

/**
 * The names of contract 3.3; `status` says where the window stands, its extraction included, `stages` how
 * each ended, `cost_usd` what its calls cost: 0 where there was none, null where it is not known.
 */
function toJson(window: ListedWindow): Readonly<Record<string, unknown>> {
  return {
    window_id: window.windowId,
    revision: window.revision,
    bot_id: window.botId,
    user_id: window.userId,
    run_id: String(window.runId),
    channel_id: window.channelId,
    channel_type: window.channelType,
    started_at: new Date(window.startedAtMs).toISOString(),
    ended_at: new Date(window.endedAtMs).toISOString(),
    message_count: window.messageCount,
    close_reason: window.closeReason,
    status: window.state,
    language: window.language,
    stages: window.stages,
    cost_usd: window.costNanoUsd === null ? null : toUsd(window.costNanoUsd),
  };
}

function showTable(windows: readonly ListedWindow[], options: WindowsOptions, output: Output): void {
  if (windows.length === 0) {
    output.note('no windows; `afterword status` tells where messages stand');
    return;
  }
  const head = [
    'started (UTC)',
    'length',
    'messages',
    'status',
    'closed by',
    'revision',
    'bot',
    'user',
    'window',
  ];
  // Only where there are such stages: most have none.
  const withOwn = windows.some((window) => ownStagesOf(window).length > 0);
  const rows = windows.map((window) => [
    ...toCells(window),
    ...(withOwn ? [ownStagesOf(window).join(', ')] : []),
  ]);
  const headings = withOwn ? [...head, 'stages of modules'] : head;
  for (const line of alignColumns([headings, ...rows])) output.out(line);
  if (options.limit === undefined && windows.length === limitForPeople) {
    output.note(`the newest ${limitForPeople}; --limit N shows more, --json all`);
  }
}

function ownStagesOf({ stages }: ListedWindow): string[] {
  const builtIn: readonly string[] = builtInStageNames;
  return Object.entries(stages)
    .filter(([name]) => !builtIn.includes(name))
    .map(([name, status]) => `${printable(name)} ${status}`);
}

function toCells(window: ListedWindow): string[] {
  return [
    utcMinute(window.startedAtMs),
    roughly(window.endedAtMs - window.startedAtMs),
    String(window.messageCount),
    window.state,
    window.closeReason ?? '-',
    String(window.revision),
    printable(window.botId),
    printable(window.userId),
    window.windowId,
  ];
}
