import { afterAll, beforeAll, expect, it } from 'vitest';

import type { KafkaEvent } from '../../../src/adapters/kafka/kafka-event.ts';
import { createKafkaRecordSink } from '../../../src/adapters/kafka/record-sink.ts';
import { createKafkaTopicAdmin } from '../../../src/adapters/kafka/topic-admin.ts';
import { until } from '../../contracts/log-recorder.ts';
import { startKafkaNode, type KafkaNode } from '../../support/kafka-from-jars.ts';
import { describeWithKafka, uniqueTopic } from '../../support/kafka-suite.ts';
import { startReader } from './kafka-log.ts';

/** A broker of its own: the run's is everybody's. */
describeWithKafka('the Kafka adapters while the broker is away', () => {
  let node: KafkaNode;

  beforeAll(async () => {
    node = await startKafkaNode();
  });
  afterAll(() => node.stop());

  it('fail in bounded time, lose nothing, and go on by themselves when it is back', async () => {
    const topic = uniqueTopic('outage');
    const connection = { brokers: [node.brokers], clientId: 'outage' };
    const admin = createKafkaTopicAdmin(connection);
    const events: KafkaEvent[] = [];
    const sink = createKafkaRecordSink({ ...connection, onEvent: (event) => events.push(event) });
    const send = (value: string): Promise<void> => sink.send([{ topic, key: 'k', value, headers: [] }]);
    await admin.ensureTopic(topic, 1);
    const reader = await startReader({ brokers: [node.brokers], topic });
    let died: Error | undefined;
    void reader.source.died.then((cause) => {
      died = cause;
    });
    await send('before');
    await until('the first record', () => reader.recorder.values().join() === 'before');

    await node.crash();
    await expect(send('while away')).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
    expect(events.some(({ type }) => type === 'producer-replaced')).toBe(true);
    await expect(admin.describe(topic)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
    await until('a crash that passes', () =>
      reader.events.some((event) => event.type === 'crashed' && event.restartInMs !== undefined),
    );

    // Somebody else may get them meanwhile: nothing is held until the group says so again.
    expect(reader.recorder.assigned).toEqual([]);

    await node.restart();
    await send('after');
    await until('the next record', () => reader.recorder.values().includes('after'), 60_000);
    expect([...new Set(reader.recorder.values())]).toEqual(['before', 'after']);
    expect((await admin.describe(topic)).exists).toBe(true);
    expect(died).toBeUndefined();
    await Promise.all([reader.source.stop(), sink.stop(), admin.stop()]);
  }, 150_000);

  it('start without it, and stop without it', async () => {
    const topic = uniqueTopic('outage');
    await node.crash();
    const reader = await startReader({ brokers: [node.brokers], topic });
    expect(reader.events.some(({ type }) => type === 'crashed')).toBe(true);
    await reader.source.stop();
    await node.restart();
  }, 60_000);
});
