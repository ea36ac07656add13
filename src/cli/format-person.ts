import type { PersonRecord } from '../adapters/postgres/read-person.ts';
import type { WindowState } from '../adapters/postgres/read-windows.ts';
import type { Remembered } from '../model/memory.ts';
import {
  profileSections,
  type ProfileDocument,
  type ProfileFact,
  type ProfilePreference,
  type ProfileSection,
  type ProfileSummary,
} from '../model/profile.ts';
import { printable, utcDay, utcMinute } from './format-text.ts';

const sectionTitles: Readonly<Record<ProfileSection, string>> = {
  about: 'About',
  likes: 'Likes and dislikes',
  people_and_pets: 'People and pets',
  plans: 'Plans',
  recently: 'Recently',
  earlier: 'Earlier',
};

/** A statement needs a witness or two; `--json` has them all. */
const shownQuotes = 2;

/** A profile together with the record that it was made from. */
interface Told {
  readonly profile: ProfileDocument;
  readonly person: PersonRecord;
}

/** A person for people to read. Holds their own words: for stdout only, never for a log. */
export function formatPerson(profile: ProfileDocument, person: PersonRecord): string[] {
  const told = { profile, person };
  const sections = [
    ...profileSections.map((section) => [
      sectionTitles[section],
      ...profile.facts[section].flatMap((fact) => factLines(fact, told)),
    ]),
    ['Preferences', ...profile.preferences.flatMap((preference) => preferenceLines(preference, told))],
    ['Last conversations', ...profile.summaries.map((summary) => summaryLine(summary, told))],
    ['Stages of modules (--json tells what they found)', ...ownResultLines(person)],
  ].filter((section) => section.length > 1);
  const known = sections.length > 0 ? sections : [['Nothing is known that their own words support.']];
  const title = `${printable(profile.user_id)}, as ${printable(profile.bot_id)} knows them`;
  return [[title], ...known, windowLines(person)].flatMap((section, index) =>
    index === 0 ? section : ['', ...section],
  );
}

function factLines(fact: ProfileFact, told: Told): string[] {
  const remembered = told.person.facts.find(({ factId }) => factId === fact.fact_id);
  const doubt = fact.stale === true ? ', may be out of date' : '';
  return [
    `  ${printable(fact.sentence)}  (${standing(fact, remembered)}${toldTo(fact, told)}${doubt})`,
    ...quoteLines(remembered, fact, told),
  ];
}

function preferenceLines(preference: ProfilePreference, told: Told): string[] {
  const remembered = told.person.preferences.find(
    ({ preferenceId }) => preferenceId === preference.preference_id,
  );
  const name = preference.key.replaceAll('_', ' ');
  const asked = preference.explicit ? 'asked for' : 'seems so';
  const reasoning = remembered?.reasoning ?? '';
  return [
    `  ${name}: ${printable(preference.value)}  (${asked}, ${standing(preference, remembered)}${toldTo(preference, told)})`,
    ...(reasoning === '' ? [] : [`      because: ${printable(reasoning)}`]),
    ...quoteLines(remembered, preference, told),
  ];
}

/** How well founded, and when last heard. */
function standing(
  { confidence, last_seen: lastSeen }: Pick<ProfileFact, 'confidence' | 'last_seen'>,
  remembered: Remembered | undefined,
): string {
  const windows = remembered?.windowCount ?? 0;
  const source =
    remembered?.method === 'manual' ? 'entered by hand' : `${windows} ${plural(windows, 'window')}`;
  return `${Math.round(confidence * 100)} %, ${source}, last ${utcDay(Date.parse(lastSeen))}`;
}

/** Which bots heard it, where it is not this one alone. */
function toldTo({ learnt_by: bots }: Pick<ProfileFact, 'learnt_by'>, { profile }: Told): string {
  if (bots === undefined || (bots.length === 1 && bots[0] === profile.bot_id)) return '';
  return `, told to ${bots.map(printable).join(', ')}`;
}

function quoteLines(
  remembered: Remembered | undefined,
  { learnt_by: bots }: Pick<ProfileFact, 'learnt_by'>,
  { profile, person }: Told,
): string[] {
  // Of several bots nobody knows here which one it was.
  const [only = profile.bot_id, ...others] = bots ?? [];
  const bot = others.length === 0 ? only : 'a bot';
  return (remembered?.evidence ?? []).slice(0, shownQuotes).map(({ quote, messageId, occurredAtMs }) => {
    const role = person.speakers.get(messageId);
    const speaker = role === 'assistant' ? bot : profile.user_id;
    return `      “${printable(quote)}” — ${printable(speaker)}, ${utcMinute(occurredAtMs)}, ${printable(messageId)}`;
  });
}

function summaryLine(summary: ProfileSummary, { person }: Told): string {
  const when = `${utcMinute(Date.parse(summary.started_at))}–${utcMinute(Date.parse(summary.ended_at)).slice(11)}`;
  const topics = summary.key_topics.length === 0 ? '' : ` [${summary.key_topics.map(printable).join(', ')}]`;
  const [nearest] = person.nearDuplicates.get(summary.window_id) ?? [];
  const repeats = nearest === undefined ? '' : ` (much as on ${utcDay(nearest.startedAtMs)})`;
  return `  ${when}  ${printable(summary.summary_text)}${topics}${repeats}`;
}

/** A result may be any JSON, so people are told that there is one. */
function ownResultLines({ ownResults }: PersonRecord): string[] {
  const names = [...new Set(ownResults.map(({ stage }) => stage))];
  return names.map((name) => {
    const own = ownResults.filter(({ stage }) => stage === name);
    const newest = own.reduce((latest, { startedAtMs }) => Math.max(latest, startedAtMs), 0);
    return `  ${printable(name)}: ${own.length} ${plural(own.length, 'result')}, the newest of ${utcMinute(newest)}`;
  });
}

/** States in which results are still to come. */
const pendingStates: readonly WindowState[] = ['open', 'closed', 'retrying', 'deferred'];

function windowLines({ windows, languages }: PersonRecord): string[] {
  const total = [...windows.values()].reduce((sum, count) => sum + count, 0);
  const named = (state: WindowState): string => (state === 'closed' ? 'waiting for extraction' : state);
  const listed = (states: readonly (readonly [WindowState, number])[]): string =>
    states.map(([state, count]) => `${count} ${named(state)}`).join(', ');
  const pending = [...windows].filter(([state]) => pendingStates.includes(state));
  const over = [...windows].filter(([state]) => !pendingStates.includes(state));
  return [
    `${total} ${plural(total, 'window')}${over.length === 0 ? '' : `: ${listed(over)}`}`,
    ...languageLine(languages),
    pending.length === 0 ? 'nothing pending' : `pending: ${listed(pending)}`,
  ];
}

/** English alone is what rules read, and goes without saying. */
function languageLine(languages: ReadonlyMap<string, number>): string[] {
  const told = [...languages].filter(([language]) => language !== 'und');
  if (told.every(([language]) => language === 'en')) return [];
  return [
    `written in: ${told.map(([language, count]) => `${languageName(language)} (${count})`).join(', ')}`,
  ];
}

function languageName(tag: string): string {
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag;
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
