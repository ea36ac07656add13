import path from 'node:path';
import {
  newestPromptVersion,
  promptParts,
  promptVersions,
  tidyWords,
  type PromptPart,
  type PromptVersion,
  type PromptWords,
} from '../model/prompt-words.ts';
import type { ConfigFault } from './faults.ts';
import { nearestName } from './nearest-name.ts';
import { systemCode, type ReadFile } from './read-config-file.ts';

/** Where a strategy's prompt comes from. */
export interface PromptSource {
  /** The built-in version, which stands in for the files that `directory` does not hold. */
  readonly version: PromptVersion;
  /** As written; null: the built-in version alone. */
  readonly directory: string | null;
  /** What the directory holds, tidied. */
  readonly own: Readonly<Partial<PromptWords>>;
}

export const builtInSource: PromptSource = { version: newestPromptVersion, directory: null, own: {} };

/** Where the setting stands, and what its path is relative to. */
interface Place {
  /** As a fault names it. */
  readonly name: string;
  readonly configFile: string;
}

/** Reads what a setting `prompts` names; what is wrong with it goes to `faults`. */
export function readPromptSource(
  written: string,
  place: Place,
  readFile: ReadFile,
  faults: ConfigFault[],
): PromptSource {
  if (isDirectory(written)) return readDirectory(written, place, readFile, faults);
  const version = promptVersions.find((known) => known === written);
  if (version === undefined) faults.push({ name: place.name, problem: noSuchVersion(written) });
  return { ...builtInSource, version: version ?? newestPromptVersion };
}

/** As with modules: a path begins with a dot or a slash. */
function isDirectory(written: string): boolean {
  return /^\.{0,2}[/\\]/.test(written) || path.isAbsolute(written);
}

function noSuchVersion(written: string): string {
  const meant = nearestName(written, promptVersions);
  const guess = meant === undefined ? '' : `, did you mean "${meant}"?`;
  return `there is no such version of the built-in prompts${guess} (there are ${promptVersions.join(', ')}; a directory begins with "./")`;
}

function readDirectory(
  written: string,
  { name, configFile }: Place,
  readFile: ReadFile,
  faults: ConfigFault[],
): PromptSource {
  const folder = path.isAbsolute(written) ? written : path.join(path.dirname(configFile), written);
  const found: (readonly [PromptPart, string])[] = [];
  let broken = 0;
  for (const part of promptParts) {
    const file = readPart(path.join(folder, `${part}.md`), readFile);
    if (file === undefined) continue;
    const words = 'text' in file ? tidyWords(part, file.text) : '';
    if (words !== '') {
      found.push([part, words]);
      continue;
    }
    broken += 1;
    const problem = 'problem' in file ? `could not be read (${file.problem})` : 'is empty';
    faults.push({ name, problem: `${part}.md of the directory ${problem}` });
  }
  if (found.length + broken === 0) {
    const files = promptParts.map((part) => `${part}.md`).join(', ');
    faults.push({ name, problem: `there is no such directory, or it holds none of ${files}` });
  }
  return { version: newestPromptVersion, directory: written, own: Object.fromEntries(found) };
}

/** Undefined: there is no such file. */
function readPart(file: string, readFile: ReadFile): { text: string } | { problem: string } | undefined {
  try {
    return { text: readFile(file) };
  } catch (error) {
    const problem = systemCode(error);
    return problem === 'ENOENT' || problem === 'ENOTDIR' ? undefined : { problem };
  }
}
