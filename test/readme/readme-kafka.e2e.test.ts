import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileSchema } from '../schemas/compile-schemas.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { describeWithKafka, uniqueTopic } from '../support/kafka-suite.ts';
import { until } from '../support/until.ts';
import { installs, makeEmptyClone, type EmptyClone } from './empty-clone.ts';
import { readmeBlock } from './readme-blocks.ts';

let clone: EmptyClone;

beforeAll(() => {
  clone = makeEmptyClone();
});

afterAll(() => {
  clone.remove();
});

describeWithKafka('README.md on a Kafka and a Postgres of one’s own', (brokers) => {
  it('migrates, makes topics, becomes ready, and stops when it is interrupted', async () => {
    const database = await createEmptyDatabase();
    try {
      const script = readmeBlock('needs Kafka').lines.join('\n');
      const own = script
        .replace('127.0.0.1:9092', brokers.join(','))
        .replace('postgres://afterword:secret@127.0.0.1:5432/afterword', database.url);
      // Both addresses stood there to be replaced.
      expect(own).not.toMatch(/:9092|:secret@/u);
      const port = await freePort();
      const running = clone.start(own, {
        KAFKA_MESSAGES_TOPIC: uniqueTopic('readme'),
        KAFKA_RESULTS_TOPIC: uniqueTopic('readme-results'),
        KAFKA_DEAD_LETTER_TOPIC: uniqueTopic('readme-dead'),
        HTTP_PORT: String(port),
      });
      const url = `http://127.0.0.1:${port}/readyz`;
      await until(`ready; so far: ${running.output()}`, () =>
        fetch(url).then(
          (response) => response.ok && running.output().includes('"event":"partition.assigned"'),
          () => false,
        ),
      );
      const ran = await running.interrupt();
      expect(ran.output).toContain('migrated: 000001_initial.sql');
      expect(ran.output.match(/"event":"topic.created"/gu)).toHaveLength(3);
      expect(ran.output).toContain('"event":"process.stopped"');
    } finally {
      await database.drop();
    }
  }, 180_000);
});

describe('README.md on publishing from Python', () => {
  const hasPython = spawnSync('python3', ['--version']).status === 0;

  it.runIf(hasPython || installs)('compiles, and sends a valid event', async () => {
    writeFileSync(join(clone.folder, 'publish.py'), readmeBlock('python').lines.join('\n'));
    mkdirSync(join(clone.folder, 'kafka'));
    writeFileSync(join(clone.folder, 'kafka', '__init__.py'), recordingProducer);
    const ran = await clone.run('python3 -m py_compile publish.py && python3 publish.py');
    expect(ran.exitCode, ran.output).toBe(0);
    const [topic, key, value] = JSON.parse(ran.stdout) as string[];
    expect([topic, key]).toEqual(['bot.messages', 'hazel/ann']);
    const validate = compileSchema('message-event.v1.json');
    expect(validate(JSON.parse(value ?? '')), JSON.stringify(validate.errors)).toBe(true);
  });
});

/** In place of the client library: prints what the example would have sent. */
const recordingProducer = `
import json
class KafkaProducer:
    def __init__(self, bootstrap_servers, acks, key_serializer, value_serializer):
        self.key, self.value = key_serializer, value_serializer
    def send(self, topic, key, value):
        print(json.dumps([topic, self.key(key).decode(), self.value(value).decode()]))
    def flush(self): pass
`;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}
