import {
  readAcquaintances,
  readPerson,
  type Acquaintances,
  type PersonRecord,
} from '../adapters/postgres/read-person.ts';
import { renderProfile } from '../memory/render-profile.ts';
import type { CommandContext, ExitCode, Output } from './command-context.ts';
import { formatPerson } from './format-person.ts';
import { printable } from './format-text.ts';
import { personDocument } from './person-document.ts';

export interface ShowOptions {
  readonly bot: string;
  readonly user: string;
  readonly json: boolean;
}

const maxSuggestions = 10;

/** What a bot knows of a person, with the words that carry it. Exit code 1 for an unknown person. */
export async function runShow(context: CommandContext, options: ShowOptions): Promise<ExitCode> {
  const { bot, user, json } = options;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const person = await readPerson(database.pool, bot, user);
    if (person === undefined) {
      const known = await readAcquaintances(database.pool, bot, user, maxSuggestions);
      explainUnknown(options, known, context.output);
      return 1;
    }
    show(context, options, person, json);
    return 0;
  } finally {
    await database.stop();
  }
}

function show(
  context: CommandContext,
  { bot, user }: ShowOptions,
  person: PersonRecord,
  json: boolean,
): void {
  const profile = renderProfile({
    botId: bot,
    userId: user,
    facts: person.facts,
    preferences: person.preferences,
    summaries: person.summaries,
    nowMs: Date.now(),
    lifetimes: context.config.memory.lifetimesMs,
  });
  if (json) context.output.out(JSON.stringify(personDocument(profile, person)));
  else for (const line of formatPerson(profile, person)) context.output.out(line);
}

function explainUnknown({ bot, user }: ShowOptions, { bots, users }: Acquaintances, output: Output): void {
  output.note(`${printable(bot)} knows nobody called ${printable(user)}`);
  if (bots.length > 0) output.note(`  known to: ${bots.map(printable).join(', ')}`);
  else if (users.length > 0)
    output.note(`  ${printable(bot)} knows ${users.map(printable).join(', ')}${more(users)}`);
  else
    output.note('  no message of this bot has been read yet; `afterword status` tells where reading stands');
}

function more(listed: readonly string[]): string {
  return listed.length === maxSuggestions ? ', …' : '';
}
