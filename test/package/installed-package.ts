import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface InstalledPackage {
  /** An empty project that depends on the packed tarball. */
  readonly folder: string;
  /** Paths in the tarball, without its leading folder. */
  readonly files: readonly string[];
  remove(): void;
}

/**
 * Packs the working tree as `npm publish` would, and unpacks the tarball into an empty
 * project. Built in a copy, since others may be using `dist` here. Its dependencies are
 * linked one by one to those of this repository, so that no registry is asked, and
 * nothing that the package does not declare can be found.
 */
export function installPackage(): InstalledPackage {
  const place = mkdtempSync(join(tmpdir(), 'afterword-package-'));
  const source = copySource(join(place, 'source'));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', place], { cwd: source, stdio: 'pipe' });
  const { version, dependencies } = readPackage(source);
  const tarball = join(place, `afterword-${version}.tgz`);
  const folder = join(place, 'project');
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'afterword'), { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', join(modules, 'afterword'), '--strip-components=1']);
  for (const name of [...Object.keys(dependencies), '@types/node']) linkModule(modules, name);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'project', type: 'module', private: true }),
  );
  const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
  return {
    folder,
    files: listed
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//u, '')),
    remove: () => {
      rmSync(place, { recursive: true, force: true });
    },
  };
}

interface PackageFile {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

function readPackage(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
}

/** What packing needs: everything but tests and what is not ours. */
function copySource(folder: string): string {
  const names = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  }).split('\0');
  for (const name of names.filter((path) => path !== '' && !path.startsWith('test/'))) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    cpSync(join(root, name), join(folder, name), { force: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function linkModule(modules: string, name: string): void {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), join(modules, name));
}
