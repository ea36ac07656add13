/**
 * English words that say how a sentence is built and not what it is about, as folded: the
 * sentences about facts are worded in English, and questions to them are full of these.
 * Other languages are left to the length of their words.
 */
export const functionWords: ReadonlySet<string> = new Set(
  [
    'a an and any are as at be been being but by can could did do does doing done for from had has have having',
    'he her hers him his how i if in into is it its just me my of on or our she so some than that the their them',
    'then there these they this those to too until up us user was we were what whats when where which who whom',
    'whos whose why will with would you your yours about also am because now tell used very',
  ].flatMap((line) => line.split(' ')),
);
