import { wordSet } from './word-set.ts';

/** Forms that stand before a main verb (contractions as the tokenizer cuts them). */
export const auxiliaries = wordSet(
  "am 'm is 's are 're was were be been being have 've has had 'd do does did",
  "will 'll wo would can ca could may might must should shall",
);

/** Adverbs that may stand inside a verb group without changing who does what. */
export const verbAdverbs = wordSet(
  'also always usually often sometimes really just still already actually currently recently lately mostly',
  'generally especially particularly absolutely totally definitely truly deeply honestly kinda regularly',
  'frequently normally mainly ever even only now quite so very too pretty rather simply finally both all',
  'secretly maybe perhaps possibly probably rarely seldom hardly barely constantly newly once personally',
);

/** "I hardly play" says that it is not so. */
export const denyingAdverbs = wordSet('never hardly barely rarely seldom');

export const doubtAdverbs = wordSet('maybe perhaps possibly probably');

/** Words that open a noun phrase and do not belong to its name. */
export const determiners = wordSet(
  'a an the my our some any many much few several various different certain all both every',
  'each another other own more most lots plenty couple such',
);

export const othersPossessives = wordSet('your his her their its whose');

export const objectPronouns = wordSet(
  'i me it you he him she her we us they them this that these those what which who mine yours ours theirs one ones',
  'something anything nothing everything someone anyone everyone somebody anybody nobody myself yourself itself',
  'themselves here there so',
);

/** A clause, not more of the object, begins at one of these. */
export const clauseBreakers = wordSet(
  'but because so if when while since although though unless until whether which who that where why how what as',
  'than before after then however therefore except',
);

/** Time and degree words at the end of a phrase that are no part of what is meant. */
export const looseEnds = wordSet(
  'today tonight tomorrow yesterday now lately recently soon later again too also already still currently',
  'sometimes often usually always together myself anymore either though weekend weekends day days week weeks',
  'month months year years morning evening night afternoon everyday here there well much alot right first',
);

export const numberWords: ReadonlyMap<string, number> = new Map(
  'zero one two three four five six seven eight nine ten eleven twelve'
    .split(' ')
    .map((word, n) => [word, n]),
);
