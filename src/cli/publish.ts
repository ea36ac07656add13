import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AfterwordError } from '../errors.ts';
import type { OutgoingRecord, RecordSink } from '../publish/record-sink.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { prepareTopics } from '../log.ts';
import { prepareSchema } from './run.ts';

export interface PublishOptions {
  /** A file of JSON lines; `-` reads standard input. */
  readonly file: string;
  readonly createTopics: boolean;
}

const batchSize = 500;
const progressEveryMs = 500;

/**
 * Publishes JSON lines onto the messages topic, in their order, keyed by
 * `bot_id/user_id`. Lines that are not JSON objects are refused before anything of
 * their batch is sent; everything else is judged by the consumer.
 */
export async function runPublish(context: CommandContext, options: PublishOptions): Promise<ExitCode> {
  const { config, output } = context;
  const input = await openInput(options.file);
  // Kafka needs no database; the embedded log lives in it.
  const database = config.kafka.connection === null ? await context.openDatabase() : undefined;
  try {
    if (database !== undefined) await prepareSchema(context, database, true);
    await prepareTopics(config, database, context.logger, options.createTopics);
    const sink = context.openSink(database);
    try {
      const published = await publishLines(context, sink, input);
      output.out(`published ${published} records to ${config.kafka.messagesTopic}`);
      return 0;
    } finally {
      await sink.stop();
    }
  } finally {
    await database?.stop();
  }
}

/** Opened before anything else is, so that a wrong name costs no time. */
async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin;
  const handle = await open(file).catch(() => undefined);
  if (handle !== undefined && !(await handle.stat()).isDirectory()) return handle.createReadStream();
  await handle?.close();
  throw new AfterwordError('INPUT_INVALID', `cannot read ${file}`, {
    hint: 'give a readable file of JSON lines, or - for standard input',
  });
}

async function publishLines(
  { config, output, signal }: CommandContext,
  sink: RecordSink,
  input: Readable,
): Promise<number> {
  const startedMs = Date.now();
  let shownMs = startedMs;
  let lineNumber = 0;
  let published = 0;
  let batch: OutgoingRecord[] = [];
  const flush = async (): Promise<void> => {
    await sink.send(batch);
    published += batch.length;
    batch = [];
    if (Date.now() - shownMs < progressEveryMs) return;
    shownMs = Date.now();
    output.progress(`published ${published} records, ${rate(published, shownMs - startedMs)}/s`);
  };
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    lineNumber += 1;
    if (line.trim() === '') continue;
    signal.throwIfAborted();
    batch.push({
      topic: config.kafka.messagesTopic,
      key: recordKey(line, lineNumber),
      value: line,
      headers: [],
    });
    if (batch.length === batchSize) await flush();
  }
  if (batch.length > 0) await flush();
  return published;
}

function rate(records: number, ms: number): number {
  return ms === 0 ? records : Math.round((records / ms) * 1_000);
}

/** The recommended key: it keeps a user's messages in one partition. */
function recordKey(line: string, lineNumber: number): string | null {
  const value = parseLine(line, lineNumber);
  const { bot_id: botId, user_id: userId } = value;
  return typeof botId === 'string' && typeof userId === 'string' ? `${botId}/${userId}` : null;
}

function parseLine(line: string, lineNumber: number): Record<string, unknown> {
  const refuse = (): never => {
    // Not the parser's message: it quotes the line.
    throw new AfterwordError('INPUT_INVALID', `line ${lineNumber} is not a JSON object`, {
      hint: 'every line has to be one JSON object; lines before it were published, and publishing them again changes nothing',
      details: { line: lineNumber },
    });
  };
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : refuse();
  } catch {
    return refuse();
  }
}
