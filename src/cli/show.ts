import type pg from 'pg';
import { readObservedMemory } from '../adapters/postgres/read-joined-memory.ts';
import {
  readAcquaintances,
  readPerson,
  readPersonWith,
  type Acquaintances,
  type PersonRecord,
} from '../adapters/postgres/read-person.ts';
import { joinMemory, type JoinedMemory } from '../memory/join-memory.ts';
import { renderProfile } from '../memory/render-profile.ts';
import { renderProfileText } from '../memory/render-profile-text.ts';
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
  const { bot, user } = options;
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    const known = await readKnown(context, database.pool, bot, user);
    if (known === undefined) {
      const others = await readAcquaintances(database.pool, bot, user, maxSuggestions);
      explainUnknown(options, others, context.output);
      return 1;
    }
    show(context, options, known);
    return 0;
  } finally {
    await database.stop();
  }
}

interface Known {
  readonly person: PersonRecord;
  /** Where memory is shared between bots. */
  readonly learntBy?: JoinedMemory['learntBy'];
}

async function readKnown(
  { config }: CommandContext,
  pool: pg.Pool,
  bot: string,
  user: string,
): Promise<Known | undefined> {
  const { scope, privateChannelTypes } = config.memory;
  if (scope === 'bot') {
    const person = await readPerson(pool, bot, user);
    return person && { person };
  }
  const { learntBy, ...memory } = joinMemory(
    bot,
    await readObservedMemory(pool, bot, user, privateChannelTypes),
  );
  const person = await readPersonWith(pool, bot, user, memory);
  return person && { person, learntBy };
}

function show(context: CommandContext, { bot, user, json }: ShowOptions, { person, learntBy }: Known): void {
  const profile = renderProfile({
    botId: bot,
    userId: user,
    facts: person.facts,
    preferences: person.preferences,
    summaries: person.summaries,
    nowMs: Date.now(),
    lifetimes: context.config.memory.lifetimesMs,
    ...(learntBy && { learntBy }),
  });
  // The stored text is the bot's own memory.
  const told = learntBy === undefined ? person : { ...person, promptText: renderProfileText(profile) };
  if (json) context.output.out(JSON.stringify(personDocument(profile, told)));
  else for (const line of formatPerson(profile, told)) context.output.out(line);
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
