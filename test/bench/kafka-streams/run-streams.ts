import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { resolveJars } from '../../support/kafka-jars.ts';
import { runProgram } from '../../support/kafka-program.ts';
import type { BenchLine } from '../line/bench-line.ts';

const program = fileURLToPath(new URL('./SessionWindowsReference.java', import.meta.url));
const pom = fileURLToPath(new URL('./pom.xml', import.meta.url));
const resultSchema = z.object({ messages: z.number(), emitted: z.number(), tookMs: z.number() });

export type StreamsResult =
  ({ readonly ran: true } & z.infer<typeof resultSchema>) | { readonly ran: false; readonly reason: string };

/** Counts the topic in Kafka Streams session windows; says why where Java or Maven are missing. */
export async function runStreams(
  line: BenchLine,
  topic: string,
  { messages, partitions }: { readonly messages: number; readonly partitions: number },
): Promise<StreamsResult> {
  let classPath: string;
  const classes = await mkdtemp(path.join(tmpdir(), 'afterword-bench-streams-classes-'));
  try {
    classPath = `${path.join(await resolveJars(pom, 'kafka-streams-jars'), '*')}:${classes}`;
    await runProgram('javac', ['-cp', classPath, '-d', classes, program]);
  } catch (error) {
    await rm(classes, { recursive: true, force: true });
    return { ran: false, reason: error instanceof Error ? error.message : 'unknown' };
  }
  const output = await line.createTopic('streams-output', partitions);
  try {
    const java = ['-Xmx1g', '-cp', classPath, 'SessionWindowsReference'];
    const printed = await runProgram('java', [...java, line.brokers, topic, output, String(messages)]);
    return { ran: true, ...resultSchema.parse(JSON.parse(printed)) };
  } finally {
    await rm(classes, { recursive: true, force: true });
    await line.removeTopics(output);
  }
}
