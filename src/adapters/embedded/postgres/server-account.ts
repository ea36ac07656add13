import { readFile, stat } from 'node:fs/promises';

import { absentAsUndefined, embeddedPostgresError, useDatabaseUrlHint } from './failure.ts';

/** The account that the server runs under; undefined: the one that we run under. */
export type ServerAccount = { readonly uid: number; readonly gid: number } | undefined;

// `postgres` where a Debian or Red Hat package made one, `_postgres` on macOS; `nobody` is
// everywhere. No account is ever created: that is not ours to do on somebody's machine.
const preferredAccounts = ['postgres', '_postgres', 'nobody'];

/**
 * Postgres refuses to run as root, so as root it gets another account: the owner of
 * the data folder where there is one already, else an account that exists.
 *
 * @throws AfterwordError EMBEDDED_POSTGRES when there is none.
 */
export async function chooseServerAccount(dataFolder: string): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await absentAsUndefined(stat(dataFolder));
  if (existing !== undefined && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid };
  const passwd = (await absentAsUndefined(readFile('/etc/passwd', 'utf8'))) ?? '';
  const account = findAccount(passwd, preferredAccounts);
  if (account !== undefined) return account;
  throw embeddedPostgresError('Postgres cannot run as root, and there is no account to run it under', {
    hint: `start Afterword as an ordinary user, add an account named postgres, ${useDatabaseUrlHint}`,
  });
}

/** The first of these accounts that /etc/passwd knows and that is not root by another name. */
export function findAccount(passwd: string, names: readonly string[]): ServerAccount {
  const rows = passwd.split('\n').map((line) => line.split(':'));
  for (const name of names) {
    const [, , uid, gid] = rows.find((row) => row[0] === name) ?? [];
    const account = { uid: Number(uid), gid: Number(gid) };
    if (Number.isInteger(account.uid) && Number.isInteger(account.gid) && account.uid !== 0) return account;
  }
  return undefined;
}
