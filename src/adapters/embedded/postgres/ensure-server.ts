import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { embeddedPostgresError, useDatabaseUrlHint } from './failure.ts';
import { findFreePort } from './free-port.ts';
import { clusterExists, initialiseCluster, removeUnfinishedClusters } from './initialise-cluster.ts';
import { readConnection, writeConnection, type Connection, type Place } from './place.ts';
import { disownStalePostmaster, readPostmaster, startPostmaster } from './postmaster.ts';
import { prepareRuntime, type PostgresRuntime } from './runtime.ts';
import { chooseServerAccount, type ServerAccount } from './server-account.ts';
import { canBeServer, serves } from './server-contact.ts';

/** The defaults of Postgres hold for all else: fsync, full page writes and synchronous commits are on (P1). */
const settings = {
  max_connections: 50,
  shared_buffers: '128MB',
  // No replica and no archive ever reads this log.
  wal_level: 'minimal',
  max_wal_senders: 0,
  // Compiling a plan costs more than our short statements take.
  jit: 'off',
};

export interface Host {
  readonly place: Place;
  readonly account: ServerAccount;
  readonly runtime: PostgresRuntime;
}

interface RunningServer {
  readonly connection: Connection;
  readonly how: 'initialised' | 'started' | 'adopted';
}

export async function prepareHost(place: Place): Promise<Host> {
  const account = await chooseServerAccount(place.cluster);
  // A copy for another account must lie where that account can go, and only root can make one there.
  const copiesFolder = account === undefined ? place.root : '/var/cache/afterword';
  return { place, account, runtime: await prepareRuntime({ account, copiesFolder }) };
}

/**
 * Makes sure that the cluster's server runs. Only the owner calls this. A server that
 * a dead owner left behind is taken over as it runs; a new one is started on the port
 * of the last time, so that the connections of everybody who uses it find it again.
 *
 * @param mayMove whether another port may be taken when that one is not free: only
 *   while nobody has been given the old one.
 * @throws AfterwordError EMBEDDED_POSTGRES
 */
export async function ensureServer(host: Host, mayMove: boolean): Promise<RunningServer> {
  const isNew = !(await clusterExists(host.place.cluster));
  const connection = isNew ? await createCluster(host) : await openCluster(host);
  // Two minutes of ten-millisecond and longer steps; crash recovery is waited for elsewhere, without an end.
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const leftBehind = await findLeftBehind(host.place, connection);
    if (leftBehind !== 'none' && leftBehind !== 'busy') return { connection: leftBehind, how: 'adopted' };
    if (leftBehind === 'none') {
      const started = await startOn(host, connection, mayMove);
      if (started !== undefined) return { connection: started, how: isNew ? 'initialised' : 'started' };
    }
    await sleep(200);
  }
  throw embeddedPostgresError('a server that does not answer holds the data folder', {
    hint: `end the postgres process whose number is in postmaster.pid there, ${useDatabaseUrlHint}`,
    details: { folder: host.place.cluster },
  });
}

async function createCluster({ place, account, runtime }: Host): Promise<Connection> {
  // The password first: a cluster never exists without somebody knowing its password.
  const known = await readConnection(place);
  const connection = known ?? { port: await findFreePort(), password: randomBytes(24).toString('hex') };
  await writeConnection(place, connection);
  await initialiseCluster({ runtime, account, folder: place.cluster, password: connection.password });
  return connection;
}

async function openCluster({ place, runtime }: Host): Promise<Connection> {
  const version = (await readFile(path.join(place.cluster, 'PG_VERSION'), 'utf8')).trim();
  if (version !== runtime.majorVersion) {
    throw embeddedPostgresError(
      `the data folder was made by Postgres ${version}, this is ${runtime.majorVersion}`,
      {
        hint: `export with the Afterword that made it, or start with another DATA_DIR, ${useDatabaseUrlHint}`,
        details: { folder: place.cluster },
      },
    );
  }
  await removeUnfinishedClusters(place.cluster);
  const connection = await readConnection(place);
  if (connection !== undefined) return connection;
  throw embeddedPostgresError('connection.json of the embedded Postgres is missing', {
    hint: 'it holds the only copy of the password: restore it, or start with another DATA_DIR',
    details: { file: place.connectionFile },
  });
}

/** `busy`: it is starting or stopping. */
async function findLeftBehind(place: Place, connection: Connection): Promise<Connection | 'none' | 'busy'> {
  const state = await readPostmaster(place.cluster);
  if (state === undefined) return 'none';
  const atItsPort = { ...connection, port: state.port };
  if (state.ready && (await serves(place, atItsPort))) {
    await writeConnection(place, atItsPort);
    return atItsPort;
  }
  if (await canBeServer(state.pid, place.cluster)) return 'busy';
  await disownStalePostmaster(place.cluster);
  return 'none';
}

/** Undefined: try again; the port or the folder is about to be free, or was moved away from. */
async function startOn(
  { place, account, runtime }: Host,
  connection: Connection,
  mayMove: boolean,
): Promise<Connection | undefined> {
  const start = { runtime, account, folder: place.cluster, logFile: place.logFile, settings };
  const outcome = await startPostmaster({ ...start, port: connection.port });
  if (outcome.started) return connection;
  if (outcome.reason === 'folder-in-use') return undefined;
  if (outcome.reason === 'failed') throw startFailure(place);
  if (!mayMove) throw portTaken(connection);
  const moved = { ...connection, port: await findFreePort() };
  const second = await startPostmaster({ ...start, port: moved.port });
  if (!second.started) return undefined;
  await writeConnection(place, moved);
  return moved;
}

function startFailure(place: Place) {
  return embeddedPostgresError('the embedded Postgres does not start', {
    hint: `its log says why: ${place.logFile}`,
    details: { log: place.logFile },
  });
}

function portTaken({ port }: Connection) {
  return embeddedPostgresError('the port of the embedded Postgres is taken by another program', {
    hint: 'end that program, or start Afterword anew: it then takes another port',
    retryable: true,
    details: { port },
  });
}
