import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { until } from '../../support/until.ts';
import type { FaultLine } from '../harness/fault-line.ts';
import { allowLostCalls } from '../harness/interrupt.ts';
import { errorAnswer, type SeenStatement } from '../wire/postgres-dialect.ts';
import type { Interception } from '../wire/wire-connection.ts';
import type { FaultCase } from './fault-case.ts';

/** An answer that came while the database would not keep it is asked for again. */
function allowForOutage(line: FaultLine): void {
  for (const member of line.members('extract')) allowLostCalls(line, member);
}

async function restartServer(line: FaultLine): Promise<void> {
  const { postgres } = line.services;
  allowForOutage(line);
  await line.whileLoaded(async () => {
    await postgres.halt();
    await sleep(3_000);
    await postgres.start();
    await sleep(1_000);
    // At once again: what has just found it back loses it.
    await postgres.halt();
    await postgres.start();
  });
}

/** Everybody has to connect anew, and finds no place. */
async function useUpConnections(line: FaultLine): Promise<void> {
  allowForOutage(line);
  const hogs: pg.Client[] = [];
  const takeTen = async (): Promise<boolean> => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => openConnection(line.database.url)));
    const own = opened.filter((hog) => hog !== undefined);
    hogs.push(...own);
    return own.length < opened.length;
  };
  await line.whileLoaded(async () => {
    await until('no connection to be left', takeTen, { everyMs: 0 });
    // What a process has to give up is taken too, before it comes back for it.
    for (const endMs = Date.now() + 4_000; Date.now() < endMs;) {
      for (const member of line.all) member.postgres.cut();
      await takeTen();
      await sleep(20);
    }
    await Promise.all(hogs.map((hog) => hog.end()));
  });
}

async function openConnection(connectionString: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client,
    () => undefined,
  );
}

/** As after a failover to a replica: it can be read and not written. */
async function makeReadOnly(line: FaultLine): Promise<void> {
  allowForOutage(line);
  const client = new pg.Client({
    connectionString: line.database.url,
    options: '-c default_transaction_read_only=off',
  });
  await client.connect();
  try {
    await line.whileLoaded(async () => {
      await client.query('alter system set default_transaction_read_only = on');
      await client.query('select pg_reload_conf()');
      await sleep(4_000);
      await client.query('alter system reset default_transaction_read_only');
      await client.query('select pg_reload_conf()');
    });
  } finally {
    await client.query('alter system reset default_transaction_read_only').catch(() => undefined);
    await client.query('select pg_reload_conf()').catch(() => undefined);
    await client.end();
  }
}

interface Interference {
  /** The share of the statements that match which it happens to. */
  readonly share: number;
  readonly matches: (seen: SeenStatement) => boolean;
  readonly interception: (seen: SeenStatement) => Interception;
}

const hits = 12;
const withinMs = 60_000;

/** Does it to statements of every process until it has happened often enough. */
async function interfere(line: FaultLine, { share, matches, interception }: Interference): Promise<void> {
  allowForOutage(line);
  let done = 0;
  for (const member of line.all) {
    member.postgres.setRule((seen) => {
      if (!matches(seen) || !line.random.happens(share)) return undefined;
      done += 1;
      if (member.role === 'extract') line.allowedExtraCalls += 1;
      return interception(seen);
    });
  }
  try {
    await line.whileLoaded(
      () => until('the database to interfere', () => done >= hits, { deadlineMs: withinMs }),
      500,
    );
  } finally {
    for (const member of line.all) member.disarm();
  }
}

const nothing = (): void => undefined;
const writes = ({ text, isInTransaction }: SeenStatement): boolean =>
  isInTransaction && text !== 'begin' && text !== 'rollback';
const commits = ({ text }: SeenStatement): boolean => text === 'commit';
/** Those that commit by themselves. */
const writesAlone = ({ text, isInTransaction }: SeenStatement): boolean =>
  !isInTransaction && /keep_answer|claim_windows|finished as|insert into afterword/.test(text);

export const databaseFaults: readonly FaultCase[] = [
  { name: 'Postgres stopped and started, twice', isRepeatable: true, run: restartServer },
  { name: 'Postgres out of connections', isRepeatable: true, run: useUpConnections },
  { name: 'Postgres read-only', isRepeatable: true, run: makeReadOnly },
  {
    name: 'connections cut in the middle of transactions',
    isRepeatable: true,
    run: (line) =>
      interfere(line, { share: 0.1, matches: writes, interception: () => ({ at: 'before', act: nothing }) }),
  },
  {
    name: 'acknowledgements of commits lost',
    isRepeatable: true,
    run: (line) =>
      interfere(line, {
        share: 0.3,
        matches: (seen) => commits(seen) || writesAlone(seen),
        interception: () => ({ at: 'after', act: nothing }),
      }),
  },
  {
    name: 'deadlocks',
    isRepeatable: true,
    run: (line) =>
      interfere(line, {
        share: 0.1,
        matches: writes,
        interception: (seen) => ({ at: 'instead', answer: errorAnswer('40P01', seen) }),
      }),
  },
  {
    name: 'serialization failures at the commit',
    isRepeatable: true,
    run: (line) =>
      interfere(line, {
        share: 0.3,
        matches: commits,
        interception: (seen) => ({ at: 'instead', answer: errorAnswer('40001', seen) }),
      }),
  },
  {
    name: 'a Postgres that answers nothing for 4 s',
    isRepeatable: true,
    run: async (line) => {
      allowForOutage(line);
      await line.whileLoaded(async () => {
        for (const member of line.all) member.postgres.stall();
        await sleep(4_000);
        for (const member of line.all) member.postgres.mend();
      });
    },
  },
];
