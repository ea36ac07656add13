/**
 * Writes schemas/*.json from the zod schemas, so that what is published is what the
 * code checks. `--check` writes nothing and fails when a file is not what it should be.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { publishedSchemas } from './published-schemas.ts';

const folder = join(import.meta.dirname, '..', 'schemas');

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const stale: string[] = [];
await mkdir(folder, { recursive: true });
for (const { fileName, schema } of publishedSchemas()) {
  const path = join(folder, fileName);
  const text = await printed(path, schema);
  if ((await currentText(path)) === text) continue;
  stale.push(fileName);
  if (!values.check) await writeFile(path, text);
}
report(stale);

async function printed(path: string, schema: object): Promise<string> {
  return format(JSON.stringify(schema), { ...(await resolveConfig(path)), parser: 'json' });
}

async function currentText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function report(fileNames: readonly string[]): void {
  const verb = values.check ? 'stale' : 'written';
  for (const fileName of fileNames) process.stderr.write(`${verb}: schemas/${fileName}\n`);
  if (!values.check || fileNames.length === 0) return;
  process.stderr.write('run `npm run schemas` and commit the result\n');
  process.exitCode = 1;
}
