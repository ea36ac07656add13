import type { SummaryDraft } from '../stages/drafts.ts';
import type { Transcript } from '../transcript.ts';
import { hasText } from '../evidence.ts';
import { sharesContentWord } from '../validators/content-words.ts';
import { addressesReader } from '../validators/third-person.ts';
import { offlineFacts } from './facts.ts';
import { readTranscript, type Reading } from './reading.ts';
import { extractiveSummary } from './summary/extractive.ts';
import { keywordsOf } from './summary/keywords.ts';
import { requestsOf } from './summary/requests.ts';
import { inWords, statementsOf, type Statement } from './summary/statements.ts';
import { toneOf } from './summary/tone.ts';
import { topicsOf } from './summary/topics.ts';

/** Share of the transcript's length that a summary may take; a short one gets a sentence all the same. */
const maxShare = 0.14;
/** Below this share, topics are added to the facts. */
const minShare = 0.06;
const minRoom = 110;
const maxStatements = 7;

/**
 * What happened in the window, in the third person, put together from what the rules
 * found; where they found nothing, from the words said most. Outside English the user's own
 * sentences that say most. The same transcript always gives the same words, never more of
 * them than the transcript has.
 */
export function offlineSummary(transcript: Transcript): SummaryDraft {
  const reading = readTranscript(transcript);
  const length = transcript.lines
    .filter(hasText)
    .reduce((sum, { message }) => sum + message.content.length, 0);
  if (!reading.isEnglish) return extractiveSummary(reading, length);
  const isEnglish = reading.language === 'en';
  const facts = isEnglish ? offlineFacts(transcript).facts : [];
  const requests = isEnglish ? requestsOf(reading) : [];
  const matters = requests
    .map(({ text }) => text.replace('asked for ', ''))
    .filter((matter) => matter.includes(' '));
  const topics = isEnglish ? topicsOf(reading, facts, matters) : keywordsOf(reading, 4);
  const chosen = isEnglish ? choose([...statementsOf(facts), ...requests], length) : [];
  const told = narrated(chosen);
  const text = fitting(
    [told + alsoAbout(told, topics, length), told, aboutTopics(reading, topics), ...plainWords],
    length,
  );
  return {
    summary_text: text,
    key_topics: atLeastTwo(topics, reading, requests.length > 0),
    emotional_tone: toneOf(reading),
    certainty: chosen.length > 0 ? 0.75 : 0.5,
    cited_lines: citedLines(reading, chosen, topics),
  };
}

/** The weightiest statements that fit, in the order in which they were said. */
function choose(statements: readonly Statement[], length: number): Statement[] {
  let room = Math.max(minRoom, length * maxShare) - 'The user '.length;
  const chosen = new Set<Statement>();
  for (const statement of [...statements].sort((a, b) => b.weight - a.weight).slice(0, maxStatements)) {
    if (statement.text.length + 8 > room || isToldBy(statement, chosen)) continue;
    room -= statement.text.length + 8;
    chosen.add(statement);
  }
  return statements.filter((statement) => chosen.has(statement)).sort((a, b) => firstLine(a) - firstLine(b));
}

/** "wants a studio" adds nothing to "wants to build a studio". */
function isToldBy({ text }: Statement, chosen: ReadonlySet<Statement>): boolean {
  const last = text.split(' ').at(-1) ?? '';
  return (
    last.length > 3 &&
    [...chosen].some((other) => new RegExp(`\\b${last.replace(/\W/g, '.')}\\b`).test(other.text))
  );
}

function firstLine({ lines }: Statement): number {
  return Math.min(...lines);
}

/** Two statements a sentence: "The user likes tea and felt nervous. They asked for tips." */
function narrated(statements: readonly Statement[]): string {
  const sentences: string[] = [];
  for (let at = 0; at < statements.length; at += 2) {
    const subject = at === 0 ? 'The user' : 'They';
    const clauses = statements.slice(at, at + 2).map(({ text }) => (at === 0 ? text : pluralVerb(text)));
    sentences.push(
      `${subject} ${clauses.join(clauses.some((clause) => clause.includes(' and ')) ? ', and ' : ' and ')}.`,
    );
  }
  return sentences.join(' ');
}

/** Names that read well without an article: plurals, doings, proper names, stuffs. */
const standsBare =
  /(?:[^s]s|ing)$|^\p{Lu}|^\S+ing |(?:music|travel|tea|coffee|wine|art|work|stress|sleep|salary|energy|food|cuisine|nature|health|money|love)$/u;

/** A long talk that gave few facts: what else it was about. */
function alsoAbout(told: string, topics: readonly string[], length: number): string {
  if (told === '' || told.length > length * minShare) return '';
  const fresh = topics
    .filter((topic) => standsBare.test(topic) && !sharesContentWord(topic, told) && !addressesReader(topic))
    .slice(0, 3);
  const sentence = ` They also talked about ${inWords(fresh)}.`;
  return fresh.length === 0 || told.length + sentence.length > length * maxShare ? '' : sentence;
}

/** "They like", not "they likes". */
function pluralVerb(clause: string): string {
  const [verb = '', ...rest] = clause.split(' ');
  const irregular: Readonly<Record<string, string>> = {
    is: 'are',
    has: 'have',
    does: 'do',
    practices: 'practice',
    studies: 'study',
    misses: 'miss',
  };
  const plural = irregular[verb] ?? (/[^s]s$/.test(verb) ? verb.slice(0, -1) : verb);
  return [plural, ...rest].join(' ');
}

function aboutTopics({ language }: Reading, topics: readonly string[]): string {
  const matters = topics.filter((topic) => !addressesReader(topic)).slice(0, 3);
  if (matters.length === 0) return '';
  return `The user ${language === 'en' ? 'talked' : 'wrote'} about ${inWords(matters)}.`;
}

const plainWords = [
  'The user exchanged a few short messages with the bot.',
  'A brief exchange.',
  'Greetings.',
  'Chat',
];

/** The first that says something, speaks to nobody, and is no longer than what it sums up. */
function fitting(candidates: readonly string[], length: number): string {
  const fits = candidates.find((text) => text !== '' && text.length <= length && !addressesReader(text));
  return fits ?? 'Chat'.slice(0, Math.max(1, length));
}

/** Words that were said before such as fit any talk. */
function atLeastTwo(topics: readonly string[], reading: Reading, asks: boolean): string[] {
  if (topics.length >= 2) return [...topics];
  const said = keywordsOf(reading, 3).filter((word) => !topics.some((topic) => topic.includes(word)));
  return [...topics, ...(asks ? ['asking for advice'] : []), ...said, 'greetings', 'brief exchange'].slice(
    0,
    2,
  );
}

/** Lines that the words come from: of the statements, else those that name the topics. */
function citedLines(
  { utterances }: Reading,
  chosen: readonly Statement[],
  topics: readonly string[],
): number[] {
  const told = [...new Set(chosen.flatMap(({ lines }) => lines))].sort((a, b) => a - b);
  if (told.length > 0) return told;
  const naming = utterances.filter(({ text }) => topics.some((topic) => text.includes(topic)));
  return (naming.length > 0 ? naming : utterances).slice(0, 5).map(({ line }) => line.number);
}
