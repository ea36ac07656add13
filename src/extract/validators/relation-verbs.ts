import type { Relation } from '../../model/results.ts';

/** How English says a relation, as the sources of patterns; what is not here is said in too many ways. */

const liking = String.raw`(?:lov(?:e|ed|ing)|lik(?:e|ed|ing)|enjoy(?:ed|ing)?|ador(?:e|ed|ing)|prefer(?:red|ring)?|fancy|(?:be )?(?:into|fond of|keen on))`;
const disliking = String.raw`(?:hat(?:e|ed|ing)|dislik(?:e|ed|ing)|detest(?:ed|ing)?|loath(?:e|ed|ing)|despis(?:e|ed|ing)|avoid(?:ed|ing)?|can't stand)`;
const having = String.raw`(?:hav(?:e|ing)|had|own(?:ed|ing)?|keep(?:ing)?|kept)`;

const verbs: Readonly<Partial<Record<Relation, string>>> = {
  likes: liking,
  loves: liking,
  enjoys: liking,
  prefers: liking,
  dislikes: disliking,
  hates: disliking,
  avoids: disliking,
  owns: having,
  has: having,
  lives_in: '(?:liv(?:e|ed|ing)|resid(?:e|ed|ing)|stay(?:ed|ing)?)',
  from: '(?:from|come)',
  works_as: '(?:work(?:ed|ing)?|be)',
  works_at: '(?:work(?:ed|ing)?|be)',
  studies: '(?:stud(?:y|ied|ying)|learn(?:ed|ing)?)',
  speaks: '(?:speak(?:ing)?|spoke)',
  plays: '(?:play(?:ed|ing)?)',
  practices: '(?:practi[cs](?:e|ed|ing)|do(?:ing)?|did)',
  does: '(?:do(?:ing)?|did|go(?:ing)?|went)',
  wants: '(?:want(?:ed|ing)?|wish(?:ed|ing)?)',
  needs: '(?:need(?:ed|ing)?)',
  plans_to: '(?:plan(?:ned|ning)?(?: on)?|want|intend(?:ed|ing)?)',
  knows: '(?:know(?:ing)?|knew)',
  feels: '(?:feel(?:ing)?|felt)',
  visited: '(?:visit(?:ed)?|been|seen)',
  allergic_to: '(?:allergic to)',
};

/** The source of a pattern for the verbs of a relation; undefined: it has none of its own. */
export function verbsOf(relation: Relation): string | undefined {
  return verbs[relation];
}

const likes = new RegExp(`^${liking}(?![\\p{L}])`, 'iu');
const dislikes = new RegExp(`^${disliking}(?![\\p{L}])`, 'iu');

/** Whether words that begin with a verb speak of the relation's own side: of liking, of disliking, or of neither. */
export function speaksOf(relation: Relation, words: string): boolean {
  const side = verbs[relation];
  if (side === liking) return likes.test(words);
  return side === disliking ? dislikes.test(words) : !likes.test(words) && !dislikes.test(words);
}

/** Relations that tell of something done for good: an end of theirs would say nothing. */
export function canEnd(relation: Relation): boolean {
  return !['visited', 'learned', 'studied_at', 'from', 'is_aged', 'allergic_to'].includes(relation);
}
