import { expect, it } from 'vitest';

import { createSteadyPartitioner } from '../../../src/adapters/kafka/steady-partitioner.ts';

const partitions = (count: number) =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));

it('puts a key where the Java clients put it', () => {
  const partition = createSteadyPartitioner();
  const place = (key: string): number =>
    partition({ topic: 't', message: { key, value: '' }, partitionMetadata: partitions(100) });
  // org.apache.kafka.common.utils.Utils.toPositive(Utils.murmur2(key)) % 100
  expect(place('21')).toBe(positiveMurmur2(-973_932_308) % 100);
  expect(place('foobar')).toBe(positiveMurmur2(-790_332_482) % 100);
  expect(place('abc')).toBe(positiveMurmur2(479_470_107) % 100);
});

it('leaves a record where it was put first when kafkajs asks again, though the topic has grown', () => {
  const partition = createSteadyPartitioner();
  const keyed = { key: 'ann', value: '' };
  const bare = { key: null, value: '' };
  const first = [keyed, bare].map((message) =>
    partition({ topic: 't', message, partitionMetadata: partitions(3) }),
  );
  const again = [keyed, bare].map((message) =>
    partition({ topic: 't', message, partitionMetadata: partitions(50) }),
  );
  expect(again).toEqual(first);
});

it('spreads records without a key over all partitions', () => {
  const partition = createSteadyPartitioner();
  const places = Array.from({ length: 6 }, () =>
    partition({ topic: 't', message: { key: null, value: '' }, partitionMetadata: partitions(3) }),
  );
  expect([...places].sort()).toEqual([0, 0, 1, 1, 2, 2]);
});

/** The hashes are those of Kafka's own UtilsTest. */
function positiveMurmur2(hash: number): number {
  return hash & 0x7fffffff;
}
