import { readPerson, type Person } from '../adapters/postgres/read-person.ts';
import { renderFactSentence } from '../memory/render-fact-sentence.ts';
import { renderProfile } from '../memory/render-profile.ts';
import type { FoldedFact, MemoryEvidence } from '../model/memory.ts';
import type { CommandContext, ExitCode, Output } from './command-context.ts';

export interface ShowOptions {
  readonly bot: string;
  readonly user: string;
  readonly json: boolean;
}

/** What is known of a person, each claim with the words that carry it. */
export async function runShow(context: CommandContext, options: ShowOptions): Promise<ExitCode> {
  const { output } = context;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const person = await readPerson(database.pool, options.bot, options.user);
    if (person === undefined) {
      output.note(`nobody called ${options.user} has spoken with ${options.bot}`);
      output.note('`afterword windows` lists whom there are conversations with');
      return 1;
    }
    if (options.json)
      output.out(JSON.stringify({ ...renderProfile(person), prompt_text: person.promptText }));
    else show(output, person);
    return 0;
  } finally {
    await database.stop();
  }
}

function show(output: Output, person: Person): void {
  const { facts, preferences, summaries } = person;
  const pending = person.pending === 0 ? '' : `, ${person.pending} not finished yet`;
  output.out(`${person.userId}, as ${person.botId} knows them (${person.windows} conversations${pending})`);
  section(output, 'Facts', facts.filter(({ status }) => status === 'current').map(factLines));
  section(
    output,
    'Preferences',
    preferences.map((preference) => [
      `${preference.key.replaceAll('_', ' ')}: ${preference.value} (${preference.explicit ? 'asked for' : 'implied'})`,
      ...(preference.reasoning === '' ? [] : [`  ${preference.reasoning}`]),
      ...quoteLines(preference.evidence),
    ]),
  );
  section(output, 'Earlier', facts.filter(({ status }) => status !== 'current').map(factLines));
  section(
    output,
    'Last conversations',
    summaries.map(({ startedAtMs, summary }) => [
      `${minute(startedAtMs)}  ${summary.summary_text}`,
      `  topics: ${summary.key_topics.join(', ')}; tone: ${summary.emotional_tone}`,
    ]),
  );
}

function section(output: Output, title: string, entries: readonly (readonly string[])[]): void {
  if (entries.length === 0) return;
  output.out(`\n${title}`);
  for (const line of entries.flat()) output.out(`  ${line}`);
}

function factLines(fact: FoldedFact): string[] {
  const conversations = fact.windowCount === 1 ? '1 conversation' : `${fact.windowCount} conversations`;
  const confidence = `${Math.round(fact.confidence * 100)} %, ${conversations}`;
  return [`${renderFactSentence(fact)}  (${confidence})`, ...quoteLines(fact.evidence)];
}

/** The newest two: an answer comes with the question that it answers. */
function quoteLines(evidence: readonly MemoryEvidence[]): string[] {
  return evidence
    .slice(0, 2)
    .map(({ quote, messageId, occurredAtMs }) => `  “${quote}” — ${messageId}, ${minute(occurredAtMs)}`);
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
