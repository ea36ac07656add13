import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const resultSchema = z.object({ messages: z.number(), tookMs: z.number(), cpuMs: z.number() });
type BareResult = z.infer<typeof resultSchema>;

/** Reads the topic with kafkajs and JSON.parse alone: what any consumer in this runtime could reach. */
export async function runBareConsumer(brokers: string, topic: string, messages: number): Promise<BareResult> {
  const program = fileURLToPath(new URL('./bare-consumer-program.ts', import.meta.url));
  const output = await new Promise<string>((resolve, reject) => {
    const args = ['--import', import.meta.resolve('tsx'), program, brokers, topic, String(messages)];
    execFile(process.execPath, args, { timeout: 300_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the bare consumer failed: ${stderr.slice(-1_000)}`));
    });
  });
  return resultSchema.parse(JSON.parse(output));
}
