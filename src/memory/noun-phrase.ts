import type { EntityType } from '../model/results.ts';

/** Things that one counts, and that therefore take an article in the singular. */
const countable: ReadonlySet<EntityType> = new Set(['person', 'pet', 'object', 'occupation', 'event']);

/** "cat" → "a cat", "cats", "Luna" and "three cats" as they are. */
export function withArticle(phrase: string, type: EntityType): string {
  if (!countable.has(type) || !isPlainSingular(phrase)) return phrase;
  return `${article(phrase)} ${phrase}`;
}

/** Roles take their article in upper case too ("a Software Engineer"), unless there is only one of them. */
export function asRole(phrase: string): string {
  if (/^(?:the|a|an|chief|head|vice|self-employed|freelance$)\b/iu.test(phrase)) return phrase;
  if (/^[A-Z]{2,5}$/u.test(phrase) || isPlural(phrase)) return phrase;
  return `${article(phrase)} ${phrase}`;
}

/** A name is written with a capital; what begins with a small letter is a kind of thing. */
export function isName(phrase: string): boolean {
  return /^\p{Lu}/u.test(phrase);
}

function isPlainSingular(phrase: string): boolean {
  return /^[a-z]/u.test(phrase) && !isPlural(phrase) && !isDetermined(phrase);
}

function isDetermined(phrase: string): boolean {
  return /^(?:the|a|an|my|our|his|her|their|some|any|no|every|one|two|three|four|five|six|seven|eight|nine|ten|several|many)\b/u.test(
    phrase,
  );
}

function isPlural(phrase: string): boolean {
  return /(?:[^su]s|people|children|men|feet|teeth|mice)$/u.test(phrase) && !/(?:is|us|ss)$/u.test(phrase);
}

function article(phrase: string): string {
  // By sound where the letter misleads: "a university", "an hour".
  if (/^(?:uni|use|usu|eu|one\b|once)/iu.test(phrase)) return 'a';
  return /^(?:[aeiou]|hour|honest|heir)/iu.test(phrase) ? 'an' : 'a';
}
