import { randomBytes } from 'node:crypto';

import { describe, inject } from 'vitest';

/** A suite against the run's real broker; skipped, with the reason in its name, where there is none. */
export function describeWithKafka(name: string, suite: (brokers: string[]) => void): void {
  const brokers = inject('kafkaBrokers');
  if (brokers === undefined) {
    describe.skip(`${name} (no Kafka: ${inject('kafkaMissing')})`, () => {
      suite([]);
    });
  } else {
    describe(name, () => {
      suite(brokers.split(','));
    });
  }
}

/** A name that no other test, file or run has used, so that files run beside each other. */
export function uniqueTopic(stem: string): string {
  return `${stem}-${randomBytes(6).toString('hex')}`;
}

/** A suite against the run's real Postgres; skipped, with the reason in its name, where there is none. */
export function describeWithPostgres(name: string, suite: () => void): void {
  if (inject('postgresUrl') === undefined) {
    describe.skip(`${name} (no Postgres: ${inject('postgresMissing')})`, suite);
  } else {
    describe(name, suite);
  }
}
