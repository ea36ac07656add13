/**
 * A process that opens the embedded Postgres of the folder named as its argument and
 * tells each step as a line of JSON: what a command of Afterword does, without the rest.
 * On the line `write` it inserts rows one by one and tells each that is committed;
 * on `stop` it stops and ends.
 */
import { createInterface } from 'node:readline';
import pg from 'pg';

import { isAfterwordError } from '../../../../src/errors.ts';
import { openEmbeddedPostgres } from '../../../../src/adapters/embedded/postgres/open-embedded-postgres.ts';

const [dataDir = ''] = process.argv.slice(2);

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function writeForEver(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table if not exists written (n bigint primary key)');
  const { rows } = await client.query<{ n: string }>('select coalesce(max(n), 0) as n from written');
  for (let n = Number(rows[0]?.n ?? 0) + 1; ; n += 1) {
    await client.query('insert into written values ($1)', [n]);
    tell({ committed: n });
  }
}

try {
  const startMs = performance.now();
  const share = await openEmbeddedPostgres({
    dataDir,
    onEvent: (event) => {
      tell(event);
    },
  });
  tell({ opened: share.role, url: share.url, tookMs: performance.now() - startMs });
  for await (const line of createInterface(process.stdin)) {
    if (line === 'role') tell({ role: share.role });
    // Its connection ends with the server; the rest of the process goes on.
    if (line === 'write') void writeForEver(share.url).catch(() => undefined);
    if (line === 'stop') break;
  }
  await share.stop();
  tell({ stopped: true });
  process.exit(0);
} catch (error) {
  tell(
    isAfterwordError(error)
      ? { code: error.code, message: error.message, hint: error.hint }
      : { message: String(error) },
  );
  process.exit(1);
}
