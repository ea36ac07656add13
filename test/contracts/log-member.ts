/**
 * One member of a group in a process of its own, so that a test can kill it. Prints
 * how many partitions it holds after every change; reads and drops what comes.
 */
import pg from 'pg';

import { createEmbeddedRecordSource } from '../../src/adapters/embedded/log/record-source.ts';
import { createKafkaRecordSource } from '../../src/adapters/kafka/record-source.ts';
import type { RecordSource } from '../../src/consume/record-source.ts';

const [kind = '', address = '', topic = '', groupId = ''] = process.argv.slice(2);

await createSource().start({
  handleBatch: () => Promise.resolve(),
  choosePosition: () => Promise.resolve(undefined),
  positionPassed: () => Promise.resolve(),
  assignmentChanged: (partitions) => {
    process.stdout.write(`holds ${partitions.length}\n`);
  },
});

function createSource(): RecordSource {
  if (kind === 'embedded') {
    const pool = new pg.Pool({ connectionString: address, max: 2 });
    return createEmbeddedRecordSource({ pool, topic, groupId, leaseMs: 1_500, pollMs: 50 });
  }
  return createKafkaRecordSource({
    brokers: address.split(','),
    clientId: 'member-to-kill',
    topic,
    groupId,
    sessionTimeoutMs: 2_000,
  });
}
