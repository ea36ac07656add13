import pg from 'pg';

import { createEmbeddedRecordSink } from '../../../../src/adapters/embedded/log/record-sink.ts';
import { createEmbeddedRecordSource } from '../../../../src/adapters/embedded/log/record-source.ts';
import { createEmbeddedTopicAdmin } from '../../../../src/adapters/embedded/log/topic-admin.ts';
import { defineLogContract } from '../../../contracts/log-contract.ts';
import { createTestDatabase } from '../../../support/database.ts';
import { describeWithPostgres } from '../../../support/kafka-suite.ts';

describeWithPostgres('the embedded log as a log', () => {
  defineLogContract(async () => {
    const database = await createTestDatabase();
    const pool = new pg.Pool({ connectionString: database.url, max: 4 });
    return {
      createSource: ({ topic, groupId }) =>
        createEmbeddedRecordSource({ pool, topic, groupId, leaseMs: 1_500, pollMs: 50 }),
      createSink: () => createEmbeddedRecordSink({ pool }),
      createAdmin: () => createEmbeddedTopicAdmin({ pool }),
      memberArguments: ({ topic, groupId }) => ['embedded', database.url, topic, groupId],
      close: async () => {
        await pool.end();
        await database.drop();
      },
    };
  });
});
