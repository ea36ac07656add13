import { wordSet } from './word-set.ts';

export const pleasantFeelings = wordSet(
  'happy excited proud relaxed calm content cheerful joyful grateful thankful hopeful confident delighted thrilled',
  'satisfied inspired motivated energetic peaceful optimistic relieved refreshed fulfilled lucky blessed ecstatic',
  'comfortable eager glad pleased great good wonderful fantastic amazing warm better',
);

export const unpleasantFeelings = wordSet(
  'sad down anxious worried stressed depressed upset angry frustrated nervous lonely tired exhausted overwhelmed',
  'bored confused lost scared afraid insecure disappointed embarrassed ashamed guilty hopeless helpless restless',
  'agitated tense irritable irritated annoyed unhappy miserable heartbroken sick ill unwell stuck discouraged',
  'stressed-out burned-out burnt-out drained jealous hurt homesick uneasy unmotivated troubled gloomy moody',
  'melancholy melancholic pressured sleepy sleepless conflicted uncomfortable terrible awful bad low blue dejected',
  'weary fatigued devastated distressed panicky apprehensive concerned unsure bummed powerless worthless',
);

/** Too weak or too polite to be remembered: kept for tone only. */
export const politeFeelings = wordSet(
  'glad pleased great good wonderful fantastic amazing better warm bad unsure concerned grateful thankful comfortable satisfied terrible awful',
);

export function isMemorableFeeling(word: string): boolean {
  return (pleasantFeelings.has(word) || unpleasantFeelings.has(word)) && !politeFeelings.has(word);
}
