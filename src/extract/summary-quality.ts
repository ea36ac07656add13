import { hasText } from './evidence.ts';
import type { Transcript } from './transcript.ts';
import { contentWords, meaningfulWords } from './validators/content-words.ts';

/** Characters of the summary over those of the transcript's text. */
export function compressionRatio(text: string, transcript: Transcript): number {
  const said = transcript.lines.filter(hasText).reduce((sum, { message }) => sum + message.content.length, 0);
  return rounded(text.length / Math.max(said, 1));
}

/**
 * How little topics repeat each other, 0 to 1: one minus the mean share of content words that two
 * of them have in common (Jaccard). A single topic has no diversity: 0.
 */
export function topicDiversity(topics: readonly string[]): number {
  const words = topics.map(wordsOfTopic);
  const overlaps = words.flatMap((one, index) => words.slice(index + 1).map((other) => overlap(one, other)));
  if (overlaps.length === 0) return 0;
  return rounded(1 - overlaps.reduce((sum, share) => sum + share, 0) / overlaps.length);
}

/** One of function words alone still differs from others. */
function wordsOfTopic(topic: string): ReadonlySet<string> {
  const words = contentWords(topic);
  return words.size > 0 ? words : new Set([topic.toLowerCase()]);
}

function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const common = [...one].filter((word) => other.has(word)).length;
  return common / (one.size + other.size - common);
}

/** A name or a number that nobody said is worse than a word of the summary's own. */
const nameWeight = 3;

/**
 * Share of what a summary says that stands in its transcript, 0 to 1: its content words, inflection
 * aside and without those that only report ("the user mentioned"), names and numbers counted
 * threefold. A faithful paraphrase has words of its own, so it stays below 1; the figure is for
 * comparing summaries, not for judging one.
 */
export function groundedShare(text: string, transcript: Transcript): number {
  const said = new Set(
    transcript.lines.filter(hasText).flatMap(({ message }) => [...contentWords(message.content)]),
  );
  let all = 0;
  let found = 0;
  for (const { units, isName } of meaningfulWords(text)) {
    const ownUnits = units.filter((unit) => !reportingWords.has(unit));
    const weight = isName ? nameWeight : 1;
    all += ownUnits.length * weight;
    found += ownUnits.filter((unit) => said.has(unit)).length * weight;
  }
  return all === 0 ? 0 : rounded(found / all);
}

/** Stems of what every summary says, whatever it sums up. */
const reportingWords = new Set(
  (
    'user bot assi comp conv chat disc ment expr expl shar ask aske aski repl resp answ sugg reco enco offe ' +
    'noti stat desc refe incl feel felt seem appe wond hope brie exch'
  ).split(' '),
);

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
