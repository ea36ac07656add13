import type { emotionalTones } from '../../../model/results.ts';
import { isMemorableFeeling, pleasantFeelings } from '../lexicon/feelings.ts';
import type { Reading, Utterance } from '../reading.ts';

type Tone = (typeof emotionalTones)[number];

const courtesy =
  /\b(?:thanks?|thank you|hello|hi|hey|bye|goodbye|nice to (?:meet|chat|talk)|see you|good (?:morning|night|evening)|please|welcome)\b/i;
const gladEmojis = /[😀-😊😍😘🥰😁😂🤣😄😃🙂❤💕👍🎉]/u;
const sadEmojis = /[😞-😥😭😢😠😡🙁☹😔😟😩😫💔👎]/u;

/** The user's mood over the window; courtesies ("thank you!") tell nothing about it. */
export function toneOf(reading: Reading): Tone {
  const moods = reading.utterances.flatMap(moodsOf);
  const glad = moods.filter((mood) => mood > 0).reduce((sum, mood) => sum + mood, 0);
  const low = moods.filter((mood) => mood < 0).reduce((sum, mood) => sum - mood, 0);
  if (glad < 2 && low < 1) return 'neutral';
  if (low === 0 || glad >= low * 2) return 'positive';
  return low >= glad * 2 ? 'negative' : 'mixed';
}

/** One number a sentence or emoji: 1 is a pleasant sentence, 2 a feeling named in words. */
function moodsOf({ sentences, text }: Utterance): number[] {
  const emojis = [gladEmojis.test(text) ? 1 : 0, sadEmojis.test(text) ? -1 : 0];
  const said = sentences.flatMap((sentence) => {
    const words = sentence.tokens.map(({ lower }) => lower);
    const named = words.filter((word, index) => isMemorableFeeling(word) && !isDenied(words, index));
    const feelings = named.map((word) => (pleasantFeelings.has(word) ? 2 : -2));
    if (feelings.length > 0 || courtesy.test(text.slice(sentence.start, sentence.end)) || sentence.asks)
      return feelings;
    return [sentence.sentiment > 0.25 ? 1 : sentence.sentiment < -0.15 ? -1 : 0];
  });
  return [...emojis, ...said];
}

function isDenied(words: readonly string[], index: number): boolean {
  return words.slice(Math.max(0, index - 3), index).some((word) => /^(?:not|n't|never|less|no)$/.test(word));
}
