/** Word lists of the entity checks; English, since other languages are left to the other checks. */

export const pronouns = new Set(
  (
    'i me my mine myself you your yours yourself u he him his himself she her hers herself it its itself ' +
    'we us our ours ourselves they them their theirs themselves this that these those ' +
    'who whom whose what which one ones everyone everybody everything someone somebody something ' +
    'anyone anybody anything noone nobody nothing each both all some any none other others another'
  ).split(' '),
);

/** Words that mean the conversation itself, or nothing in particular. */
export const stopEntities = new Set(
  (
    'user users ai bot bots chatbot assistant companion agent model human person people guy guys friend of user ' +
    'thing things stuff item items lot lots bit kind sort way ways part case fact facts example point reason ' +
    'conversation chat message messages topic topics question questions answer answers reply response text words ' +
    'unknown undefined null none nil na n/a nan yes no yeah yep nope ok okay maybe sure hi hello hey thanks bye lol haha ' +
    'today yesterday tomorrow tonight now then here there later soon sometimes always never ' +
    'good bad great nice fine cool interesting important new old right wrong true false'
  )
    .split(' ')
    .filter((word) => !['of', 'friend', 'companion'].includes(word)),
);

/** A name cannot begin here: what follows is a clause cut out of a sentence. */
export const clauseStarters = new Set(
  (
    'when if because that which who whom whose how why where while than although though unless until whether ' +
    'and or but so as since to also then is are was were am be been being has have had does did ' +
    'can could will would should may might must'
  ).split(' '),
);

/** A name cannot end here: the phrase was cut off. */
export const danglingEnders = new Set(
  (
    'in at of for to with from by about as into onto upon than the a an and or but nor so if when because ' +
    'my your his her its our their me you him it us them i he she we they this that these those which who ' +
    'is are was were am be been being has have had do does did can could will would should may might must ' +
    "ever even just very really too also not don't doesn't isn't i'm i've we've you've it's"
  ).split(' '),
);

/** A bare subject inside says that it is a sentence, not a name. */
export const subjects =
  /(?:^|\s)(?:i|you|he|she|we|they|it)(?:['’](?:m|ve|re|ll|d|s))?\s+\S|(?:^|\s)(?:i|you|he|she|we|they|it)['’](?:m|ve|re|ll|d)(?:\s|$)/iu;
