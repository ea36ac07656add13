import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configDocuments } from './config-documents.ts';

/**
 * Writes docs/CONFIGURATION.md, schemas/config.v1.json and the table in README.md from
 * the definitions in src/config. With `--check` it writes nothing and fails when one differs.
 */
function main(args: readonly string[]): number {
  const root = new URL('../', import.meta.url);
  const read = (path: string): string | undefined => {
    try {
      return readFileSync(new URL(path, root), 'utf8');
    } catch {
      return undefined;
    }
  };
  const stale = configDocuments(read).filter(({ path, text }) => read(path) !== text);
  const isCheck = args.includes('--check');
  for (const { path, text } of stale) {
    if (!isCheck) writeFileSync(fileURLToPath(new URL(path, root)), text);
    process.stderr.write(`${path} ${isCheck ? 'differs: run npm run docs:config' : 'written'}\n`);
  }
  return isCheck && stale.length > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
