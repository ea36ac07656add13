import kafkajs, { type AclEntry } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { conversations } from '../support/conversations.ts';
import { startKafkaNode, type KafkaNode } from '../support/kafka-from-jars.ts';
import { describeWithOwnBroker } from '../support/own-broker-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { until } from '../support/until.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

type Operation = AclEntry['operation'];

describeWithOwnBroker('a worker whose topics are closed to it', () => {
  let node: KafkaNode;
  let line: LineUnderTest;

  beforeAll(async () => {
    node = await startKafkaNode(undefined, {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    });
    line = await LineUnderTest.start({ brokers: node.brokers });
  });
  afterAll(async () => {
    await line.close();
    await node.stop();
  });

  /** Whoever connects without a name, which is everybody here. */
  const acl = (
    topic: string,
    operation: Operation,
    permissionType: AclEntry['permissionType'],
  ): AclEntry => ({
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:ANONYMOUS',
    host: '*',
    operation,
    permissionType,
  });

  /** The topic can still be seen: to somebody who may not even describe it, it would look missing. */
  async function forbid(topic: string, operation: Operation): Promise<void> {
    await line.admin.createAcls({
      acl: [
        acl(topic, AclOperationTypes.DESCRIBE, AclPermissionTypes.ALLOW),
        acl(topic, AclOperationTypes.DESCRIBE_CONFIGS, AclPermissionTypes.ALLOW),
        acl(topic, operation, AclPermissionTypes.DENY),
      ],
    });
  }

  async function allow(topic: string): Promise<void> {
    await line.admin.deleteAcls({ filters: [acl(topic, AclOperationTypes.ANY, AclPermissionTypes.ANY)] });
  }

  async function unready(worker: WorkerProcess, check: string): Promise<void> {
    await until(`${check} to be forbidden`, async () => {
      const readiness = await worker.readiness();
      return readiness?.status === 503 && readiness.failing.get(check) === 'TOPIC_FORBIDDEN';
    });
  }

  it('says so, waits, and goes on by itself once it may read, and once it may write', async () => {
    const { topics } = line;
    await line.publish(conversations(3, 1));
    await forbid(topics.messages, AclOperationTypes.READ);
    await forbid(topics.results, AclOperationTypes.WRITE);
    const worker = line.startWorker('consume,extract,publish,serve');
    await unready(worker, 'consumer');
    expect(worker.logged('topic.refused')).toMatchObject([{ level: 'warn', topic: topics.messages }]);
    expect((await worker.get('/healthz')).status).toBe(200);

    await allow(topics.messages);
    // Asked again every ten seconds.
    await until('everything to be stored', async () => (await line.standing()).messages === 18);
    await unready(worker, 'relay');
    expect(worker.logged('loop.failed')).toMatchObject([
      { loop: 'relay', error: { code: 'TOPIC_FORBIDDEN', details: { topic: topics.results } } },
    ]);
    // What may not be sent holds up nothing before it, and is kept.
    await until('the windows to be enriched', async () => (await line.standing()).done === 3);
    expect((await line.standing()).outbox).toBeGreaterThan(0);

    await allow(topics.results);
    await line.settled(3);
    await until('the worker to be ready', async () => (await worker.readiness())?.status === 200);
    expect((await worker.stop()).exitCode).toBe(0);
  }, 180_000);
});
