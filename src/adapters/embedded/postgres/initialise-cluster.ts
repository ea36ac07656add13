import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { absentAsUndefined, embeddedPostgresError, useDatabaseUrlHint } from './failure.ts';
import type { PostgresRuntime } from './runtime.ts';
import type { ServerAccount } from './server-account.ts';
import { clusterArgument, runProgram, type ProgramEnd } from './server-program.ts';

export const databaseName = 'afterword';
export const roleName = 'afterword';

interface NewCluster {
  readonly runtime: PostgresRuntime;
  readonly account: ServerAccount;
  /** Where the cluster shall be; nothing is there yet. */
  readonly folder: string;
  readonly password: string;
  /** For throw-away clusters: leave out what makes the new files survive a power failure. */
  readonly withoutSync?: boolean;
}

/**
 * Makes a new cluster: text in UTF-8, compared byte by byte, so that the order of
 * text is the same on every machine; one superuser who needs the password; one
 * database. It appears at `folder` whole or not at all. The caller sees to it that
 * nobody else does the same at the same time.
 *
 * @throws AfterwordError EMBEDDED_POSTGRES
 */
export async function initialiseCluster(cluster: NewCluster): Promise<void> {
  await removeUnfinishedClusters(cluster.folder);
  // A name of its own: the initdb of an owner that was killed lives on and writes for a while.
  const beside = `${cluster.folder}.${randomBytes(6).toString('hex')}.new`;
  await makeEmptyFolder(beside, cluster.account);
  const unfinished = { ...cluster, folder: beside };
  await runInitdb(unfinished);
  await allowPasswordOnly(unfinished);
  await createRoleAndDatabase(unfinished);
  await rename(beside, cluster.folder);
}

/** Deletes what first starts that were killed left beside the cluster. What cannot be deleted yet is left for the next time. */
export async function removeUnfinishedClusters(folder: string): Promise<void> {
  const parent = path.dirname(folder);
  for (const name of (await absentAsUndefined(readdir(parent))) ?? []) {
    if (!name.startsWith(`${path.basename(folder)}.`) || !name.endsWith('.new')) continue;
    await rm(path.join(parent, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

async function makeEmptyFolder(folder: string, account: ServerAccount): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    if (account !== undefined) await chown(folder, account.uid, account.gid);
  } catch (error) {
    throw embeddedPostgresError('the data folder cannot be made', {
      hint: `let DATA_DIR be a folder on a local disk that you may write to, ${useDatabaseUrlHint}`,
      cause: error,
      details: { folder },
    });
  }
}

async function runInitdb({ runtime, account, folder, withoutSync }: NewCluster): Promise<void> {
  const args = [
    `--pgdata=${clusterArgument({ account, folder })}`,
    `--username=${roleName}`,
    // Nobody can connect before `allowPasswordOnly`: initdb opens no port.
    '--auth=trust',
    '--encoding=UTF8',
    '--lc-collate=C',
    '--lc-ctype=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(withoutSync === true ? ['--no-sync'] : []),
  ];
  requireSuccess('initdb', await runProgram(runtime.initdb, args, { account, folder }));
}

async function allowPasswordOnly({ account, folder }: NewCluster): Promise<void> {
  const file = path.join(folder, 'pg_hba.conf');
  await writeFile(file, 'host all all 127.0.0.1/32 scram-sha-256\n');
  if (account !== undefined) await chown(file, account.uid, account.gid);
}

/** In single-user mode, by standard input: the password is on no command line and in no file but ours. */
async function createRoleAndDatabase({ runtime, account, folder, password }: NewCluster): Promise<void> {
  const args = ['--single', '-D', clusterArgument({ account, folder }), 'postgres'];
  const input = `alter role ${roleName} password '${password}';\ncreate database ${databaseName};\n`;
  requireSuccess('postgres --single', await runProgram(runtime.postgres, args, { account, folder, input }));
}

function requireSuccess(program: string, end: ProgramEnd): void {
  if (end.exitCode === 0) return;
  throw embeddedPostgresError(`${program} failed: ${lastFailure(end)}`, {
    hint: hintFor(end),
    details: { exitCode: end.exitCode ?? -1 },
  });
}

/** A new cluster holds nobody's text yet, so what these programs say may be shown. */
function lastFailure({ output, startFailure }: ProgramEnd): string {
  if (startFailure !== undefined) return startFailure;
  const lines = output.split('\n').map((line) => line.trim());
  return lines.findLast((line) => /error|fatal|panic|could not/iu.test(line)) ?? 'it gave no reason';
}

function hintFor({ output }: ProgramEnd): string {
  if (output.includes('could not look up effective user')) {
    return `the user id that Afterword runs under needs a line in /etc/passwd, ${useDatabaseUrlHint}`;
  }
  return `see that DATA_DIR is on a local disk with free space, ${useDatabaseUrlHint}`;
}

export async function clusterExists(folder: string): Promise<boolean> {
  return (await absentAsUndefined(lstat(path.join(folder, 'PG_VERSION')))) !== undefined;
}
