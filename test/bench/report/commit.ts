import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The commit that the sources stand on, short; null outside a repository, or without git. */
export function readCommit(folder: string = fileURLToPath(new URL('.', import.meta.url))): string | null {
  try {
    const said = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return said.trim();
  } catch {
    return null;
  }
}
