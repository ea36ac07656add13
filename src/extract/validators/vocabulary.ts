/** A value of a closed vocabulary, and the words that say it. */
export interface VocabularyWord {
  readonly value: string;
  /** Global; over lower case. */
  readonly words: RegExp;
  /** What it means to deny them; nothing where it may mean several things ("not short"). */
  readonly denied?: string;
}

/**
 * The first value whose words are said, else the first that denied words mean: "short, not detailed" is
 * short, and so is "not too long". Undefined: none of it.
 */
export function wordOf(text: string, vocabulary: readonly VocabularyWord[]): string | undefined {
  const lower = text.toLowerCase().replaceAll('’', "'");
  const said = vocabulary.map((word) => ({ ...word, uses: [...lower.matchAll(word.words)] }));
  const isDenied = ({ index }: { readonly index: number }): boolean => denial.test(lower.slice(0, index));
  const plain = said.find(({ uses }) => uses.some((use) => !isDenied(use)));
  if (plain !== undefined) return plain.value;
  return said.find(({ uses, denied }) => denied !== undefined && uses.length > 0)?.denied;
}

/** Directly before a word, small words between them: "not", "less", "don't be so", "too". */
const denial =
  /(?:\b(?:no|not|never|without|less|avoid(?:ing)?|stop(?:ping)?|hates?|dislikes?|dont|cannot|nothing|neither|nor|too|anything but)|\w+n't) (?:(?:too|so|very|overly|that|really|quite|particularly|be|being|sound|sounding|a|an|any|the|all|always|want|wants|like|likes|need|give|me|write|writing|send|use|using|prefer|in|to) )*$/;
