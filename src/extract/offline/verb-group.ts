import type { Token } from './language-model.ts';
import { isMemorableFeeling } from './lexicon/feelings.ts';
import { describingParticiples, knownVerbs, verbOfGerund } from './lexicon/verbs.ts';
import { auxiliaries, denyingAdverbs, doubtAdverbs, verbAdverbs } from './lexicon/grammar-words.ts';

/** "have been learning": who does what, in which time, and whether it is denied. */
export interface VerbGroup {
  readonly lemma: string;
  /** The main verb as written, lower case. */
  readonly form: string;
  readonly tense: 'past' | 'present' | 'perfect' | 'future';
  readonly isProgressive: boolean;
  readonly isNegated: boolean;
  /** would, could, might …: not said to be so. */
  readonly modal: string | null;
  readonly isDoubted: boolean;
  readonly adverbs: readonly string[];
  /** Index of the first token after the main verb (and its particles of time). */
  readonly end: number;
}

const modals = new Set(['would', 'could', 'might', 'may', 'should', 'must', "'d", 'can', 'ca', 'shall']);
const futures = new Set(['will', "'ll", 'wo']);
const linking = new Set(['be', 'have', 'do']);

/** The verb group that starts at `at`, right after its subject. */
export function readVerbGroup(tokens: readonly Token[], at: number): VerbGroup | undefined {
  const before = readAuxiliaries(tokens, at);
  const next = tokens[before.next];
  if (next !== undefined && isMainVerb(next, before.auxiliaries))
    return toGroup(next, before, before.next + 1);
  const last = before.auxiliaries.at(-1);
  // "I have a dog", "I am tired": the auxiliary is the verb.
  return last === undefined || !linking.has(lemmaOf(last))
    ? undefined
    : toGroup(last, { ...before, auxiliaries: before.auxiliaries.slice(0, -1) }, before.next);
}

interface Auxiliaries {
  readonly auxiliaries: readonly Token[];
  readonly adverbs: readonly string[];
  readonly isNegated: boolean;
  readonly next: number;
}

function readAuxiliaries(tokens: readonly Token[], at: number): Auxiliaries {
  const found: Token[] = [];
  const adverbs: string[] = [];
  let isNegated = false;
  let next = at;
  for (; next < tokens.length; next++) {
    const token = tokens[next];
    if (token === undefined) break;
    if (token.lower === 'no' && tokens[next + 1]?.lower === 'longer') {
      adverbs.push('no longer');
      next++;
    } else if (/^(?:not|n't)$/.test(token.lower)) isNegated = true;
    else if (auxiliaries.has(token.lower) && token.pos !== 'PART') found.push(token);
    else if (isAdverb(token)) adverbs.push(token.lower);
    else break;
  }
  const denies = adverbs.some((adverb) => denyingAdverbs.has(adverb));
  return { auxiliaries: found, adverbs, isNegated: isNegated || denies, next };
}

function isAdverb(token: Token): boolean {
  return (
    verbAdverbs.has(token.lower) ||
    denyingAdverbs.has(token.lower) ||
    (token.pos === 'ADV' && /ly$/.test(token.lower))
  );
}

function isMainVerb(token: Token, auxiliariesBefore: readonly Token[]): boolean {
  const lastAuxiliary = auxiliariesBefore.at(-1);
  // "I am interested", "I'm worried": the verb is being.
  if (lastAuxiliary !== undefined && lemmaOf(lastAuxiliary) === 'be' && describes(token)) return false;
  if (token.pos === 'VERB') return true;
  // After "am" and "have" the word would be a noun or an adjective ("I have work").
  if (lastAuxiliary !== undefined && lemmaOf(lastAuxiliary) !== 'do' && !modals.has(lastAuxiliary.lower)) {
    return (
      /ing$/.test(token.lower) && lemmaOf(lastAuxiliary) === 'be' && verbOfGerund(token.lower) !== undefined
    );
  }
  return knownVerbs.has(lemmaOf(token)) && token.pos !== 'DET' && token.pos !== 'ADJ';
}

function describes(token: Token): boolean {
  return (
    /(?:ed|en|ck|st)$/.test(token.lower) &&
    (isMemorableFeeling(token.lower) || describingParticiples.has(token.lower))
  );
}

function toGroup(main: Token, before: Auxiliaries, end: number): VerbGroup {
  const words = before.auxiliaries.map(({ lower }) => lower);
  const modal = words.find((word) => modals.has(word)) ?? null;
  return {
    lemma: lemmaOf(main),
    form: main.lower,
    tense: tenseOf(main, before.auxiliaries),
    isProgressive: /ing$/.test(main.lower) && before.auxiliaries.some((word) => lemmaOf(word) === 'be'),
    isNegated: before.isNegated,
    modal: modal === "'d" && main.lemma !== main.lower ? null : modal,
    isDoubted: before.adverbs.some((adverb) => doubtAdverbs.has(adverb)),
    adverbs: before.adverbs,
    end,
  };
}

function tenseOf(main: Token, before: readonly Token[]): VerbGroup['tense'] {
  if (before.some(({ lower }) => futures.has(lower))) return 'future';
  if (before.some((word) => lemmaOf(word) === 'have')) return 'perfect';
  const finite = before[0] ?? main;
  if (/^(?:was|were|did|had)$/.test(finite.lower)) return 'past';
  return before.length === 0 && isPast(main) ? 'past' : 'present';
}

function isPast(main: Token): boolean {
  if (/^(?:'m|'re|'s|'ve|am|is|are|has|have|do|does)$/.test(main.lower)) return false;
  const present = main.lemma.toLowerCase();
  return main.lower !== present && !/(?:s|ing)$/.test(main.lower);
}

const irregular: Readonly<Record<string, string>> = {
  "'m": 'be',
  "'re": 'be',
  "'s": 'be',
  am: 'be',
  is: 'be',
  are: 'be',
  was: 'be',
  were: 'be',
  been: 'be',
  being: 'be',
  "'ve": 'have',
  has: 'have',
  had: 'have',
  having: 'have',
  did: 'do',
  does: 'do',
  felt: 'feel',
  went: 'go',
  got: 'get',
  left: 'leave',
  saw: 'see',
  began: 'begin',
  wrote: 'write',
  drew: 'draw',
  swam: 'swim',
  taught: 'teach',
  bought: 'buy',
};

function lemmaOf(token: Token): string {
  const lemma = irregular[token.lower] ?? token.lemma.toLowerCase();
  return /ing$/.test(lemma) ? (verbOfGerund(lemma) ?? lemma) : lemma;
}
