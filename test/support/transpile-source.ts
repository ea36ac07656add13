import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = path.join(root, 'src');
/** As deep as `dist`, which a test builds anew while others run: what lies beside `src` is found from here too. */
const target = path.join(root, '.test-build');

/** What Node is told to run, to start the product from its source as it stands. */
export const transpiledProgram: readonly string[] = [path.join(target, 'main.js')];

/**
 * Writes each file of the source as JavaScript, types left out and unchecked: a process that
 * loads it starts in a third of the time that a loader takes, and tests start hundreds. Only
 * what is older than its source is written, each file at once, so two runs may do it side by side.
 */
export async function transpileSource(): Promise<void> {
  const files = await readdir(source, { recursive: true });
  await Promise.all(files.filter((file) => file.endsWith('.ts')).map(transpileFile));
}

async function transpileFile(file: string): Promise<void> {
  const from = path.join(source, file);
  const to = path.join(target, file.replace(/\.ts$/, '.js'));
  const [its, our] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
  if (our !== undefined && our.mtimeMs > its.mtimeMs) return;
  const { outputText } = ts.transpileModule(await readFile(from, 'utf8'), {
    fileName: from,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  await mkdir(path.dirname(to), { recursive: true });
  const written = `${to}.${process.pid}`;
  await writeFile(written, outputText);
  await rename(written, to);
}
