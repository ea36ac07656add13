import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConfiguredModule } from '../config/config.ts';
import { ensureError } from '../errors.ts';
import { failureCode } from '../telemetry/failure.ts';
import { stackFrames } from '../telemetry/stack-frames.ts';

/** The namespace of a module, or why there is none. */
export type Imported =
  | { readonly ok: true; readonly namespace: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

/**
 * Loads one module. Never rejects; a problem names codes and places, never what the
 * module said, which may repeat a secret of its environment.
 */
export async function importModule({ name, file }: ConfiguredModule): Promise<Imported> {
  const found = locate(name, path.resolve(file));
  if (found === undefined) {
    return {
      ok: false,
      problem: isPath(name) ? 'there is no such file' : 'there is no such package; a path begins with "./"',
    };
  }
  try {
    return { ok: true, namespace: (await import(found)) as Readonly<Record<string, unknown>> };
  } catch (thrown) {
    return { ok: false, problem: problemOf(thrown, found) };
  }
}

/** A URL, or the bare name of a package. */
function locate(name: string, configFile: string): string | undefined {
  if (isPath(name)) {
    const place = path.resolve(path.dirname(configFile), name);
    return existsSync(place) ? pathToFileURL(place).href : undefined;
  }
  return packageBeside(configFile, name) ?? packageBesideUs(name);
}

function isPath(name: string): boolean {
  return /^\.{0,2}[/\\]/.test(name) || path.isAbsolute(name);
}

/** As the folder of the configuration file would find it. */
function packageBeside(configFile: string, name: string): string | undefined {
  try {
    return pathToFileURL(createRequire(configFile).resolve(name)).href;
  } catch {
    return undefined;
  }
}

/** As this package would: the only way to one that exports itself for `import` alone. */
function packageBesideUs(name: string): string | undefined {
  try {
    return import.meta.resolve(name);
  } catch {
    return undefined;
  }
}

const typeScriptCodes: ReadonlySet<string> = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
]);

function problemOf(thrown: unknown, found: string): string {
  const code = failureCode(thrown);
  if (typeScriptCodes.has(code) && /\.[cm]?ts$/.test(found)) {
    return `this Node.js cannot load TypeScript (${code}): use Node.js 22.18 or newer, run under tsx, or give a .mjs file`;
  }
  const frame = stackFrames(ensureError(thrown))[0];
  const where = frame === undefined ? '' : ` at ${frame}`;
  return `it failed while loading (${code}${where}); load it alone, with node or tsx, to see what it says`;
}
