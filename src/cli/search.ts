import { openVectors } from '../vectors.ts';
import type { VectorHit } from '../publish/vector-index.ts';
import type { CommandContext, ExitCode } from './command-context.ts';

export interface SearchOptions {
  readonly text: string;
  readonly bot?: string;
  readonly user?: string;
  readonly kind?: 'summary' | 'fact';
  readonly limit: number;
  readonly json: boolean;
}

/** Finds summaries and facts whose words or meaning are near the text, best first. */
export async function runSearch(context: CommandContext, options: SearchOptions): Promise<ExitCode> {
  const { output, config, signal } = context;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const { embedder, index } = await openVectors(config, database, signal);
    const [vector] = await embedder.embed([options.text], signal);
    if (vector === undefined) return 1;
    const filter = {
      ...(options.bot !== undefined && { botId: options.bot }),
      ...(options.user !== undefined && { userId: options.user }),
      ...(options.kind !== undefined && { kind: options.kind }),
    };
    const hits = await index.search(vector, filter, options.limit);
    for (const hit of hits) output.out(options.json ? JSON.stringify(toJson(hit)) : row(hit));
    if (hits.length === 0) output.note('nothing found');
    return 0;
  } finally {
    await database.stop();
  }
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

function row({ item, score }: VectorHit): string {
  const day = new Date(item.occurredAtMs).toISOString().slice(0, 10);
  return `${score.toFixed(2)}  ${item.kind.padEnd(7)}  ${day}  ${item.botId} ↔ ${item.userId}  ${item.text}`;
}
