import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { builtInPrompts } from '../../src/extract/prompts/built-in-prompts.ts';
import { stagesUnder } from '../../src/extract/prompts/stages-under.ts';
import { systemPrompt } from '../../src/extract/prompts/system-prompt.ts';
import type { Stage } from '../../src/extract/stage.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import { newestPromptVersion, promptParts, promptVersions, tidyWords } from '../../src/model/prompt-words.ts';

const ownStage: Stage = { ...(builtInStages[1] as Stage), name: 'moods', prompt: '# moods\nHow they feel.' };
const versions = (stages: readonly Stage[]): string[] => stages.map(({ version }) => version);

it('names the folders of prompts that there are, the newest last', () => {
  const folders = readdirSync(new URL('../../prompts/', import.meta.url)).sort(
    (a, b) => Number(a) - Number(b),
  );
  expect(promptVersions).toEqual(folders);
  expect(newestPromptVersion).toBe(folders.at(-1));
});

it.each(promptVersions)('has all parts of version %s', (version) => {
  const words = builtInPrompts(version);
  expect(Object.keys(words)).toEqual([...promptParts]);
  for (const part of promptParts) expect(words[part].length).toBeGreaterThan(100);
  expect(builtInPrompts(version)).toBe(words);
});

it.each<[string, RegExp]>([
  ['what used to be', /"I used to live in Rome" has ended: valid_to/],
  ['negation', /polarity: negative when the user says that it is not so/],
  ['lists', /One entity a fact: "pizza and sushi" are two facts/],
  ['jokes', /joking or ironic/],
  ['role-play', /role-play \(speaking as a character or in a story\)/],
  ['language', /in the main language of the user's messages/],
  ['tone', /neutral only where no emotion shows/],
])('has its rule on %s', (_, rule) => {
  expect(systemPrompt(builtInStages)).toMatch(rule);
});

it('asks by the rules first, then by each stage’s part in the given order, an own stage’s by its own', () => {
  const prompts = {
    rules: 'Rules.',
    facts: '# facts\nF.',
    preferences: '# preferences\nP.',
    summary: '# summary\nS.',
  };
  expect(systemPrompt([...builtInStages, ownStage], prompts)).toBe(
    'Rules.\n\n# summary\nS.\n\n# facts\nF.\n\n# preferences\nP.\n\n# moods\nHow they feel.',
  );
});

it('has a part for every built-in stage', () => {
  for (const stage of builtInStages) expect(systemPrompt([stage])).toContain(`\n# ${stage.name}\n`);
});

it('has the same words whoever saved the file, and a heading over each stage’s', () => {
  expect(tidyWords('facts', '\uFEFF# facts\r\nOne.\r\n\r\n')).toBe('# facts\nOne.');
  expect(tidyWords('facts', 'One.')).toBe('# facts\nOne.');
  expect(tidyWords('rules', 'Be careful.\n')).toBe('Be careful.');
  expect(tidyWords('facts', ' \r\n')).toBe('');
});

it('gives stages another version where other words ask for them, and only there', () => {
  const stages = [...builtInStages, ownStage];
  const builtIn = builtInPrompts();
  const same = stagesUnder({ ...builtIn }, stages);
  // The very same objects: what is derived from their schemas is kept by them.
  expect(same.every((stage, index) => stage === stages[index])).toBe(true);
  const [summary, facts, preferences, moods] = versions(
    stagesUnder({ ...builtIn, facts: '# facts\nOnly names.' }, stages),
  );
  expect([summary, preferences, moods]).toEqual(['3', '3', '3']);
  expect(facts).toMatch(/^3\+[0-9a-f]{8}$/);
  const otherRules = versions(stagesUnder({ ...builtIn, rules: 'Be brief.' }, stages));
  expect(otherRules.every((version) => /^[13]\+[0-9a-f]{8}$/.test(version))).toBe(true);
  expect(new Set(otherRules).size).toBe(stages.length);
});
