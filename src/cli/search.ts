import type { VectorFilter, VectorHit, VectorKind } from '../publish/vector-index.ts';
import { openVectors } from '../vectors.ts';
import type { CommandContext, ExitCode } from './command-context.ts';

export interface SearchOptions {
  readonly text: string;
  readonly bot?: string;
  readonly user?: string;
  readonly kind?: VectorKind;
  readonly limit: number;
  readonly json: boolean;
}

/** Finds summaries and facts whose words or meaning are near the text, best first. */
export async function runSearch(context: CommandContext, options: SearchOptions): Promise<ExitCode> {
  const { output } = context;
  if (options.text.trim() === '') {
    output.note('search needs a text');
    return 2;
  }
  const hits = await findHits(context, options);
  for (const hit of hits) output.out(options.json ? JSON.stringify(toJson(hit)) : toRow(hit));
  if (hits.length === 0) output.note('nothing found');
  return 0;
}

async function findHits(context: CommandContext, options: SearchOptions): Promise<readonly VectorHit[]> {
  const { config, signal } = context;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const { embedder, index } = await openVectors(config, database, signal);
    const [vector = []] = await embedder.embed([options.text], signal);
    return await index.search(vector, toFilter(options), options.limit);
  } finally {
    await database.stop();
  }
}

function toFilter({ bot, user, kind }: SearchOptions): VectorFilter {
  return {
    ...(bot !== undefined && { botId: bot }),
    ...(user !== undefined && { userId: user }),
    ...(kind !== undefined && { kind }),
  };
}

function toJson({ item, score }: VectorHit): object {
  return {
    score: Number(score.toFixed(4)),
    kind: item.kind,
    bot_id: item.botId,
    user_id: item.userId,
    channel_id: item.channelId,
    channel_types: item.channelTypes,
    window_id: item.windowId,
    occurred_at: new Date(item.occurredAtMs).toISOString(),
    text: item.text,
  };
}

function toRow({ item, score }: VectorHit): string {
  const day = new Date(item.occurredAtMs).toISOString().slice(0, 10);
  const who = onOneLine(`${item.botId} ↔ ${item.userId}`);
  return [score.toFixed(2), item.kind.padEnd(7), day, who, onOneLine(item.text)].join('  ');
}

/** What people and platforms wrote must not move a terminal's cursor, turn its text around or begin a row of its own. */
function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}
