import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AfterwordError } from '../errors.ts';
import type { OutgoingRecord, RecordSink } from '../publish/record-sink.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { prepareTopics } from '../log.ts';
import { parseJsonLine, userKey } from './json-lines.ts';
import { PublishProgress } from './publish-progress.ts';
import { prepareSchema } from './run.ts';

export interface PublishOptions {
  /** A file of JSON lines; `-` reads standard input. */
  readonly file: string;
  readonly createTopics: boolean;
}

const batchSize = 500;

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
    const progress = new PublishProgress(output, input.bytes);
    try {
      await publishLines(context, sink, input.lines, progress);
      output.out(`published ${progress.records} records to ${config.kafka.messagesTopic}`);
      return 0;
    } catch (error) {
      output.note(`published ${progress.records} records before it ended`);
      throw error;
    } finally {
      await sink.stop();
    }
  } finally {
    await database?.stop();
  }
}

interface Input {
  readonly lines: Readable;
  /** Undefined: not known before the end. */
  readonly bytes: number | undefined;
}

/** Opened before anything else is, so that a wrong name costs no time. */
async function openInput(file: string): Promise<Input> {
  if (file === '-') return { lines: process.stdin, bytes: undefined };
  const handle = await open(file).catch(() => undefined);
  const about = await handle?.stat();
  if (handle !== undefined && about?.isDirectory() === false) {
    return { lines: handle.createReadStream(), bytes: about.isFile() ? about.size : undefined };
  }
  await handle?.close();
  throw new AfterwordError('INPUT_INVALID', `cannot read ${file}`, {
    hint: 'give a readable file of JSON lines, or - for standard input',
  });
}

async function publishLines(
  { config, signal }: CommandContext,
  sink: RecordSink,
  input: Readable,
  progress: PublishProgress,
): Promise<void> {
  let lineNumber = 0;
  let bytes = 0;
  let batch: OutgoingRecord[] = [];
  const flush = async (): Promise<void> => {
    await sink.send(batch);
    progress.sent(batch.length, bytes, Date.now());
    batch = [];
  };
  for await (const line of createInterface({ input, crlfDelay: Infinity, signal })) {
    lineNumber += 1;
    bytes += Buffer.byteLength(line) + 1;
    if (line.trim() === '') continue;
    signal.throwIfAborted();
    const key = userKey(parseJsonLine(line, lineNumber, refusedHint));
    batch.push({ topic: config.kafka.messagesTopic, key, value: line, headers: [] });
    if (batch.length === batchSize) await flush();
  }
  // An interrupted input ends as a whole one does.
  signal.throwIfAborted();
  if (batch.length > 0) await flush();
}

const refusedHint = 'lines before it were published, and publishing them again changes nothing';
