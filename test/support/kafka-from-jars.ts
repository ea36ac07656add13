import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import kafkajs from 'kafkajs';

import { runProgram } from './kafka-program.ts';
import { brokerVersion, resolveKafkaJars } from './kafka-jars.ts';
import type { TestKafka } from './kafka.ts';

const startTimeoutMs = 60_000;
const log4jFile = fileURLToPath(new URL('./kafka-jars/log4j2.properties', import.meta.url));

// Quick to start and small: a test run shares its machine.
const frugalJvm = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** A broker that a test may kill and start again, with its data kept. */
export interface KafkaNode {
  readonly brokers: string;
  /** As a power failure would: no word to anybody. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  /** Keeps every connection and answers nobody, until it is woken. */
  suspend(): Promise<void>;
  wake(): Promise<void>;
  stop(): Promise<void>;
}

export async function startKafkaFromJars(jvm: readonly string[] = frugalJvm): Promise<TestKafka> {
  const node = await startKafkaNode(jvm);
  return { available: true, brokers: node.brokers, version: await brokerVersion(), stop: () => node.stop() };
}

/**
 * One KRaft node on free ports of 127.0.0.1, its data in a temporary folder.
 *
 * @param more settings of the server beside those that every test needs
 */
export async function startKafkaNode(
  jvm: readonly string[] = frugalJvm,
  more: Readonly<Record<string, string>> = {},
): Promise<KafkaNode> {
  const classPath = path.join(await resolveKafkaJars(), '*');
  const root = await mkdtemp(path.join(tmpdir(), 'afterword-test-kafka-'));
  const ports = await findFreePorts();
  const settings = path.join(root, 'server.properties');
  await writeFile(settings, serverProperties({ ...ports, logFolder: path.join(root, 'logs') }, more));
  const java = [`-Dlog4j2.configurationFile=${log4jFile}`, '-cp', classPath];

  const clusterId = (await runProgram('java', [...java, 'kafka.tools.StorageTool', 'random-uuid'])).trim();
  await runProgram('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings]);

  const brokers = `127.0.0.1:${ports.client}`;
  const start = async (): Promise<TiedProcess> => {
    const broker = startTied('java', [...jvm, ...java, 'kafka.Kafka', settings], root);
    await waitForCluster(brokers, clusterId, broker).catch(async (error: unknown) => {
      await broker.stop('remove folder');
      throw error;
    });
    return broker;
  };
  let broker = await start();
  return {
    brokers,
    crash: () => broker.stop('keep folder'),
    restart: async () => {
      broker = await start();
    },
    suspend: () => broker.signal('SIGSTOP'),
    wake: () => broker.signal('SIGCONT'),
    stop: async () => {
      await broker.stop('remove folder');
      await rm(root, { recursive: true, force: true });
    },
  };
}

function serverProperties(
  node: { client: number; controller: number; logFolder: string },
  more: Readonly<Record<string, string>>,
): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${node.controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${node.client},CONTROLLER://127.0.0.1:${node.controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.client}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': node.logFolder,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // A missing topic must stay missing.
    'auto.create.topics.enable': false,
    // Retention and compaction that a test can wait for.
    'log.retention.check.interval.ms': 500,
    'log.cleaner.backoff.ms': 200,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    ...more,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

interface TiedProcess {
  /** What it printed last, for a person who asks why it did not start. */
  lastWords(): string;
  hasExited(): boolean;
  signal(name: 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  stop(what: 'keep folder' | 'remove folder'): Promise<void>;
}

/**
 * A process that cannot outlive us. The shell waits for the end of a pipe of which
 * we hold the other end: however this process dies, kill -9 included, the kernel
 * closes the pipe and the shell kills the broker and removes its folder.
 */
function startTied(command: string, args: readonly string[], folder: string): TiedProcess {
  const script =
    'folder=$1; shift; "$@" & echo $! >"$folder/pid"; read word; kill -9 $! 2>/dev/null; wait; [ "$word" = keep ] || rm -rf "$folder"';
  const shell = spawn('/bin/sh', ['-c', script, 'sh', folder, command, ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-2_000);
  };
  shell.stdout.on('data', keep);
  shell.stderr.on('data', keep);
  const gone = new Promise<void>((resolve) =>
    shell.once('close', () => {
      resolve();
    }),
  );
  return {
    lastWords: () => output,
    hasExited: () => hasExited(shell),
    signal: async (name) => {
      process.kill(Number(await readFile(path.join(folder, 'pid'), 'utf8')), name);
    },
    stop: (what) => {
      shell.stdin.end(what === 'keep folder' ? 'keep\n' : '\n');
      return gone;
    },
  };
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** The cluster's id, not only its port: another broker may have got the port before ours. */
async function waitForCluster(brokers: string, clusterId: string, broker: TiedProcess): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const found = await readClusterId(brokers);
    if (found === clusterId) return;
    if (found !== undefined) throw new Error(`another broker answers at ${brokers}`);
    if (broker.hasExited() || Date.now() > deadline) {
      throw new Error(`the broker did not start: ${broker.lastWords()}`);
    }
    await sleep(100);
  }
}

async function readClusterId(brokers: string): Promise<string | undefined> {
  const kafka = new kafkajs.Kafka({
    clientId: 'afterword-test-support',
    brokers: [brokers],
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).clusterId;
  } catch {
    return undefined;
  } finally {
    await admin.disconnect();
  }
}

async function findFreePorts(): Promise<{ client: number; controller: number }> {
  // Both at once, or the second could be the first again.
  const servers = [createServer(), createServer()] as const;
  const [client, controller] = await Promise.all(servers.map(listenAnywhere));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  if (client === undefined || controller === undefined) throw new Error('no port was given');
  return { client, controller };
}

function listenAnywhere(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port was given'));
      else resolve(address.port);
    });
  });
}
