import { readFileSync } from 'node:fs';
import { InvariantError } from '../../errors.ts';
import {
  newestPromptVersion,
  promptParts,
  tidyWords,
  type PromptPart,
  type PromptVersion,
  type PromptWords,
} from '../../model/prompt-words.ts';

/** Works from `src/` and from `dist/` alike: both lie beside `prompts/`. */
const promptsFolder = new URL('../../../prompts/', import.meta.url);

const loaded = new Map<PromptVersion, PromptWords>();

/**
 * A prompt that comes with the package, read once; whoever composes a process asks before
 * the first window, so that a broken installation is told at the start.
 *
 * @throws AfterwordError INVARIANT_BROKEN when a file is missing or empty
 */
export function builtInPrompts(version: PromptVersion = newestPromptVersion): PromptWords {
  const words = loaded.get(version) ?? readPrompts(version);
  loaded.set(version, words);
  return words;
}

function readPrompts(version: PromptVersion): PromptWords {
  const parts = promptParts.map((part) => [part, readPart(version, part)] as const);
  return Object.fromEntries(parts) as PromptWords;
}

function readPart(version: PromptVersion, part: PromptPart): string {
  const words = tidyWords(part, textOf(new URL(`${version}/${part}.md`, promptsFolder)));
  if (words !== '') return words;
  throw new InvariantError('prompt-missing', `the package lacks prompts/${version}/${part}.md`);
}

function textOf(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
