import { listWindows, type ListedWindow } from '../adapters/postgres/read-windows.ts';
import type { CommandContext, ExitCode } from './command-context.ts';

export interface WindowsOptions {
  readonly json: boolean;
  readonly bot?: string;
  readonly user?: string;
  readonly status?: string;
  readonly limit?: number;
  readonly all: boolean;
}

/** What fits on a screen or two when nothing is asked for. */
const limitForPeople = 50;

/** Lists session windows, newest last: a table for people, or one JSON object a line. */
export async function runWindows(context: CommandContext, options: WindowsOptions): Promise<ExitCode> {
  const { output } = context;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const limit = options.limit ?? (options.json ? undefined : limitForPeople);
    const windows = await listWindows(database.pool, { ...options, limit });
    for (const window of windows) output.out(options.json ? JSON.stringify(window) : row(window));
    if (windows.length === 0) output.note('no windows');
    if (!options.json && windows.length === limit) output.note(`the newest ${limit}; --limit shows more`);
    return 0;
  } finally {
    await database.stop();
  }
}

function row(window: ListedWindow): string {
  const span = `${minute(window.started_at)} – ${minute(window.ended_at).slice(11)}`;
  const who = `${window.bot_id} ↔ ${window.user_id}`;
  const messages = `${String(window.message_count).padStart(4)} messages`;
  return `${span}  ${messages}  ${window.status.padEnd(10)} ${(window.close_reason ?? '').padEnd(11)} ${who}`;
}

function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}
