import type { ProfileDocument, ProfileFact, ProfileSummary } from '../model/profile.ts';
import type { PreferenceKey } from '../model/results.ts';
import { oneLine } from './one-line.ts';

const defaultMaxCharacters = 4000;

export interface ProfileTextOptions {
  /** Upper bound of the block's length; whole lines are left out, the least telling ones first. */
  readonly maxCharacters?: number;
}

interface Section {
  readonly heading: string;
  /** Most telling first. */
  readonly lines: readonly string[];
}

/**
 * The profile as a block of text for a prompt: headings and short lines, no ids. Text
 * of users stays within its line. Empty when nothing is known.
 */
export function renderProfileText(profile: ProfileDocument, options: ProfileTextOptions = {}): string {
  const sections = sectionsOf(profile).filter(({ lines }) => lines.length > 0);
  return joined(fitted(sections, options.maxCharacters ?? defaultMaxCharacters));
}

function sectionsOf(profile: ProfileDocument): Section[] {
  const { facts, summaries } = profile;
  const newest = newestTime(profile);
  const factLine = (fact: ProfileFact): string => `${lineOf(fact, newest)}${toldTo(fact, profile.bot_id)}`;
  return [
    { heading: 'About', lines: facts.about.map(factLine) },
    { heading: 'Preferences', lines: preferenceLines(profile) },
    { heading: 'Likes and dislikes', lines: facts.likes.map(factLine) },
    { heading: 'People and pets', lines: facts.people_and_pets.map(factLine) },
    { heading: 'Plans', lines: facts.plans.map(factLine) },
    { heading: 'Recently', lines: [...facts.recently.map(factLine), ...summaries.map(summaryLine)] },
    { heading: 'Earlier', lines: facts.earlier.map(factLine) },
  ];
}

/**
 * A profile that was made for no time is judged by the newest words in it, so that it is the
 * same whenever it is made: what was stale by then is stale for sure.
 */
function lineOf({ sentence, stale, stale_after: staleAfter }: ProfileFact, newest: string): string {
  const isStale = stale ?? (staleAfter !== null && staleAfter < newest);
  return `- ${oneLine(sentence)}${isStale ? ' (may be out of date)' : ''}`;
}

/** Where a bot knows something from others only, they are named. */
function toldTo({ learnt_by: bots }: Pick<ProfileFact, 'learnt_by'>, botId: string): string {
  return bots === undefined || bots.includes(botId) ? '' : ` (told to ${bots.map(oneLine).join(', ')})`;
}

/** RFC 3339 in UTC, of one length, sorts by time. */
function newestTime({ facts, preferences, summaries }: ProfileDocument): string {
  const times = [
    ...Object.values(facts).flatMap((section) => section.map(({ last_seen: time }) => time)),
    ...preferences.map(({ last_seen: time }) => time),
    ...summaries.map(({ ended_at: time }) => time),
  ];
  return times.reduce((newest, time) => (time > newest ? time : newest), '');
}

function summaryLine({ ended_at: endedAt, summary_text: text }: ProfileSummary): string {
  return `- ${endedAt.slice(0, 10)}: ${oneLine(text)}`;
}

const preferenceNames: Readonly<Record<PreferenceKey, string>> = {
  preferred_name: 'Wants to be called',
  pronouns: 'Pronouns',
  timezone: 'Time zone',
  location: 'Location',
  communication_style: 'Communication style',
  response_length: 'Length of answers',
  language: 'Language',
  topic_preferences: 'Likes to talk about',
  topics_to_avoid: 'Topics to avoid',
  formality_level: 'Formality',
  use_emojis: 'Emojis',
};

/** One line for each key; a key of many values lists them. */
function preferenceLines({ preferences, bot_id: botId }: ProfileDocument): string[] {
  const byKey = new Map<PreferenceKey, string[]>();
  for (const preference of preferences) {
    const { key, value, explicit } = preference;
    const worded = `${oneLine(value)}${explicit ? '' : ' (seems so)'}${toldTo(preference, botId)}`;
    byKey.set(key, [...(byKey.get(key) ?? []), worded]);
  }
  return [...byKey].map(([key, values]) => `- ${preferenceNames[key]}: ${values.join(', ')}`);
}

/**
 * Takes the first line of every section, then every second one, and so on, as far as
 * they fit: a long list of likes must not push out what the person plans.
 */
function fitted(sections: readonly Section[], maxCharacters: number): Section[] {
  const kept = sections.map(({ heading }) => ({ heading, lines: [] as string[] }));
  const longest = sections.reduce((most, { lines }) => Math.max(most, lines.length), 0);
  let room = maxCharacters;
  for (let round = 0; round < longest; round += 1) {
    for (const [index, section] of sections.entries()) {
      const line = section.lines[round];
      const target = kept[index];
      if (line === undefined || target === undefined) continue;
      const cost = costOf(line, target, room === maxCharacters);
      if (cost > room) continue;
      target.lines.push(line);
      room -= cost;
    }
  }
  return kept.filter(({ lines }) => lines.length > 0);
}

/** The line with its line break; the first of a section brings the heading and the empty line before it. */
function costOf(line: string, section: Section, isFirst: boolean): number {
  if (section.lines.length > 0) return line.length + 1;
  return line.length + 1 + section.heading.length + (isFirst ? 0 : 2);
}

function joined(sections: readonly Section[]): string {
  return sections.map(({ heading, lines }) => [heading, ...lines].join('\n')).join('\n\n');
}
