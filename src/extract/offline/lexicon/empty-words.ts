import { wordSet } from './word-set.ts';

/** Heads that name nothing in particular: "I like things", "I have a question". */
export const emptyHeads = wordSet(
  'thing things stuff lot lots bit kind kinds sort sorts type types way ways part time times moment day days week',
  'month year question questions idea ideas problem problems issue issues advice suggestion suggestions tip tips',
  'recommendation recommendations help support chance opportunity opportunities choice choices reason reasons plan',
  'plans feeling feelings thought thoughts experience experiences word words point case fact example method methods',
  'conversation chat talk answer answers something anything nothing everything trouble difficulty difficulties',
  'people person guy guys everyone someone place places option options activity activities topic topics item items',
  'matter matters detail details sense side end start rest other others same one ones progress need needs concern',
  'concerns goodbye hello hi thanks thank company yes no okay ok sure bye morning evening night tonight today',
  'tomorrow yesterday weekend hour hours minute minutes luck fun use attention impression effort mood situation',
  'information knowledge interest interests hobby hobbies skill skills technique techniques aspect aspects result',
  'results change changes challenge challenges work task tasks process step steps content kindness patience',
  'good great nice bad best better right wrong able such more most much many few success happiness joy pleasure',
  'sharing listening understanding words name scenery atmosphere joke jokes story stories condition conditions',
);

/** Adjectives that praise or place rather than tell one thing from another. */
export const valuingAdjectives = wordSet(
  'good great nice bad best better new old amazing beautiful wonderful delicious interesting fun favorite favourite',
  'cool lovely awesome fantastic perfect excellent own certain different various several other same special nearby',
  'real pretty simple easy hard difficult big little small few many lovely own famous popular fresh whole certain',
  'recent similar suitable necessary important meaningful wonderful unique fascinating cute adorable talented',
  'exciting brilliant gorgeous stunning main current latest previous next last first second little favorite tasty',
  'more most all such newly-released few free',
);

/** Verbs of the talk itself: wanting to tell something is no goal in life. */
export const talkVerbs = wordSet(
  'talk chat share tell ask say know hear thank discuss mention speak see check look consider think give let go come',
  'try do get be have take make put keep feel communicate continue rest leave call apologize wait explain figure',
  'find prepare pay follow start begin believe reply answer sleep stop express listen show wish hope believe add bring choose pick decide know',
);
