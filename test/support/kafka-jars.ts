import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runProgram } from './kafka-program.ts';

const brokerPom = fileURLToPath(new URL('./kafka-jars/pom.xml', import.meta.url));
const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));

/** The folder with the broker's jars. */
export function resolveKafkaJars(): Promise<string> {
  return resolveJars(brokerPom, 'kafka-jars');
}

/** `Apache Kafka 4.1.0`: what the pom names first. */
export async function brokerVersion(): Promise<string> {
  const pom = await readFile(brokerPom, 'utf8');
  return `Apache Kafka ${/<artifactId>kafka_[^]*?<version>([^<]+)/u.exec(pom)?.[1] ?? 'unknown'}`;
}

/** The folder with the jars that a pom names, resolved by Maven once for each state of the pom. */
export async function resolveJars(pomFile: string, name: string): Promise<string> {
  const version = createHash('sha256')
    .update(await readFile(pomFile))
    .digest('hex')
    .slice(0, 12);
  const folder = path.join(cacheFolder, `${name}-${version}`);
  if (await exists(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  // Renamed when it is whole, so that two runs at once, or one that died, leave no half folder.
  const unfinished = await mkdtemp(`${folder}-`);
  await runProgram('mvn', [
    ...['-q', '-B', '-f', pomFile, 'dependency:copy-dependencies'],
    ...['-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`],
  ]);
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true, force: true }));
  return folder;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
