import { canonicalEntity, canonicalText } from '../memory/canonical-entity.ts';
import { singularKey } from '../memory/english-singular.ts';
import type { EntityType } from '../model/results.ts';

/**
 * Whether a name says what one of the wordings says: it is the same entity as memory
 * folds names, or holds all content words of one wording ("the novel she writes" holds
 * "novel"). More words are allowed, fewer or other ones are not.
 */
export function saysOneOf(name: string, type: EntityType, wordings: readonly string[]): boolean {
  const canonical = canonicalEntity(name, type);
  const words = contentStems(name);
  return wordings.some(
    (wording) => canonicalEntity(wording, type) === canonical || holdsAll(words, contentStems(wording)),
  );
}

function holdsAll(words: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean {
  return wanted.size > 0 && [...wanted].every((word) => words.has(word));
}

const functionWords = new Set(
  (
    'a an the some any my our your his her their its this that these those ' +
    'of to in on at for with from by about as and or but is are was were be been it i me we he she they'
  ).split(' '),
);

function contentStems(text: string): Set<string> {
  const words = canonicalText(text).split(' ');
  return new Set(words.filter((word) => word !== '' && !functionWords.has(word)).map(stem));
}

/** "cooking", "cooked" and "cook" meet; words of other scripts stay as they are. */
function stem(word: string): string {
  if (!/^[a-z]+$/u.test(word)) return word;
  return singularKey(word)
    .replace(/(?<=[a-z]{3})(?:ing|ed)$/u, '')
    .replace(/([a-z])\1$/u, '$1')
    .replace(/(?<=[a-z]{2})e$/u, '')
    .replace(/y$/u, 'i');
}
