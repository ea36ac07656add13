/** The files of a prompt: the rules for every stage, and the part of each built-in stage. */
export const promptParts = ['rules', 'facts', 'preferences', 'summary'] as const;
export type PromptPart = (typeof promptParts)[number];

/** The words of a whole prompt, tidied. */
export type PromptWords = Readonly<Record<PromptPart, string>>;

/** The prompts that come with the package, oldest first: each is a folder of `prompts/`. */
export const promptVersions = ['1'] as const;
export type PromptVersion = (typeof promptVersions)[number];
export const newestPromptVersion = promptVersions[promptVersions.length - 1] ?? promptVersions[0];

/**
 * The words of a file, the same whatever system and editor saved it, since they are hashed.
 * A stage's part stands under its heading. Empty: the file says nothing.
 */
export function tidyWords(part: PromptPart, text: string): string {
  const words = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .trim();
  return part === 'rules' || words === '' || words.startsWith('# ') ? words : `# ${part}\n${words}`;
}
