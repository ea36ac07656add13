import { wordSet } from './word-set.ts';

/** Verbs that the rules know, in their base form: the tagger takes some of them for nouns after "I". */
export const knownVerbs = wordSet(
  'like love enjoy adore prefer hate dislike detest play cook bake run work live study travel own want plan need collect',
  'speak paint draw dance sing swim hike cycle practice practise write read watch learn visit feel teach garden knit sew',
  'climb ski surf skate fish meditate train grow build listen jog camp code move consider think look search hope wish',
  'try start begin keep have go do be make get buy adopt eat drink smoke quit stop avoid volunteer know drive attend',
  'exercise struggle need miss lack prepare change open take find join finish complete save improve teach meet face',
);

/** Participles that describe: "I am interested" is being, not a passive. */
export const describingParticiples = wordSet(
  'interested married engaged divorced widowed retired obsessed used inclined passionate involved',
);

/** The verb of an -ing form that the tagger left as it is ("feeling", "planning"); undefined when unknown. */
export function verbOfGerund(form: string): string | undefined {
  const stem = form.replace(/ing$/, '');
  return [stem, `${stem}e`, stem.replace(/(.)\1$/, '$1')].find((verb) => knownVerbs.has(verb));
}

/** Verbs that name a pastime when done again and again: "I collect stamps". */
export const pastimeVerbs = wordSet(
  'collect write paint draw cook bake run swim hike cycle dance sing read watch travel garden knit sew volunteer climb ski',
  'surf skate fish meditate train teach study grow build listen journal photograph sketch jog camp crochet compose code',
  'exercise',
);
