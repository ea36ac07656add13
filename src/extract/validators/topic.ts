import { hasText } from '../evidence.ts';
import { findFolded, foldText } from '../fold-text.ts';
import type { Transcript } from '../transcript.ts';
import { contentWords } from './content-words.ts';

export type TopicRefusal = 'topic-empty' | 'topic-ungrounded';

/** Whether a topic may stand: specific, and found in or entailed by what was said. */
export type TopicCheck = (topic: string) => TopicRefusal | undefined;

const maxLength = 80;

/** Names that fit any conversation. */
const emptyTopics =
  /^(?:(?:(?:general|casual|small|daily|everyday|random|personal|various|other|different|user) ?)?(?:conversation|chat|chatting|talk|discussion|topics?|subjects?|matters?|interests?|experiences?|updates?|things|stuff|life|advice|help|recommendations?|suggestions?|tips?|support)|small ?talk|n\/?a|none|other|misc(?:ellaneous)?|unknown)$/iu;

/** What a conversation may be about without naming it. */
const entailed: readonly { readonly topic: RegExp; readonly by: (said: string) => boolean }[] = [
  { topic: /^greetings?$/iu, by: (said) => greeting.test(said) || isBrief(said) },
  {
    topic: /^(?:(?:asking|looking) for|seeking) (?:advice|help|recommendations?|suggestions?)$/iu,
    by: (said) => /[?？]/u.test(said),
  },
  { topic: /^(?:a )?(?:brief|short) exchange$/iu, by: isBrief },
];

/** Where hardly anything is said there is nothing else to name. */
function isBrief(said: string): boolean {
  return said.length < 1_500;
}

const greeting =
  /(?<!\p{L})(?:hi|hello|hey|heya|good (?:morning|afternoon|evening|night|day)|bye|goodbye|welcome|greetings|hola|buenos|buenas|hallo|guten|moin|bonjour|bonsoir|salut|ciao|olá|oi)(?!\p{L})|こんにちは|おはよう|こんばんは|안녕|你好|您好|привет|здравствуй|مرحبا/iu;

/** Of a topic's words as many must have been said. */
const minShare = 0.5;

/**
 * Topics are found where half of their content words, inflection aside, were said; entailed where
 * the summary, itself found in the transcript, names them, or where their kind says so.
 *
 * @param told the summary's text, if enough of it is grounded to vouch for a topic; else ''
 */
export function topicCheck(transcript: Transcript, told: string): TopicCheck {
  const said = transcript.lines
    .filter(hasText)
    .map(({ message }) => message.content)
    .join('\n');
  const lowered = said.toLowerCase().split('\n');
  const known = units(said);
  const vouched = units(told);
  return (topic) => {
    if (topic === '' || topic.length > maxLength || emptyTopics.test(topic)) return 'topic-empty';
    if (entailed.some((kind) => kind.topic.test(topic) && kind.by(said))) return undefined;
    // Initials, emoji and short words have nothing to compare but their letters: whole words, for "art" is not in "start".
    if (lowered.some((row) => standsIn(row, topic.toLowerCase()))) return undefined;
    const words = [...units(topic)];
    if (words.length === 0) return 'topic-ungrounded';
    const found = words.filter((word) => known.has(word)).length;
    const isNamed = words.every((word) => vouched.has(word) || known.has(word));
    return found >= words.length * minShare || isNamed ? undefined : 'topic-ungrounded';
  };
}

/** As whole words, where the script has spaces. Folding takes long, so only rows that hold the letters are folded. */
function standsIn(row: string, topic: string): boolean {
  return row.includes(topic) && findFolded(foldText(row), foldText(topic).text.trim()).length > 0;
}

const han = /\p{Script=Han}/gu;

/** Han characters mean something each: 住まい is about 住んで. */
function units(text: string): Set<string> {
  return new Set([...contentWords(text.replace(han, ' ')), ...(text.match(han) ?? [])]);
}
