import { expectWindows } from './expect-windows.ts';
import { readMeaning, type Meaning } from './meaning.ts';
import type { OracleInput } from './oracle.ts';
import { readLog, type Log } from './read-log.ts';
import { atOneMoment, readSnapshot } from './read-snapshot.ts';
import { readResults, type ResultsRead } from './result-events.ts';
import { scanTexts, type Leak } from './scan-texts.ts';
import type { Snapshot } from './snapshot.ts';
import type { NaiveWindow } from '../support/naive-windows.ts';
import { fragmentsOf } from './text-fragments.ts';
import { tellMessages, type ToldMessage } from './told-messages.ts';

/** All that the rules judge by. */
export interface Seen {
  readonly input: OracleInput;
  readonly log: Log;
  readonly meaning: Meaning;
  readonly messages: ReturnType<typeof tellMessages>;
  readonly snapshot: Snapshot;
  /** By person, the windows that the rules give. */
  readonly windows: ReadonlyMap<string, readonly NaiveWindow[]>;
  readonly results: ResultsRead;
  /** Where words of deleted messages still stand in Postgres. */
  readonly leaks: readonly Leak[];
}

/** Tells what is wrong, each in a line of ids and counts; nothing when all is well. */
export type Rule = (seen: Seen) => readonly string[];

export async function readAndLookAt(input: OracleInput): Promise<Seen> {
  return lookAt(input, await readLog(input));
}

export async function lookAt(input: OracleInput, log: Log): Promise<Seen> {
  const of = (topic: string): Log['records'] => log.records.filter((record) => record.topic === topic);
  const meaning = readMeaning(of(input.topics.messages));
  return atOneMoment(input.databaseUrl, async (client) => {
    const snapshot = await readSnapshot(client);
    const messages = tellMessages(meaning, snapshot.messages);
    const leaks = await scanTexts(client, wordsOfDeleted(messages.told));
    const windows = expectWindows(messages.told, meaning, input.settings);
    const results = readResults(of(input.topics.results));
    return { input, log, meaning, messages, snapshot, windows, results, leaks };
  });
}

/** By fragment, the deleted message that said it; without what others said too, who are not deleted. */
function wordsOfDeleted(told: readonly ToldMessage[]): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const { name, isDeleted, saidEver } of told) {
    if (!isDeleted) continue;
    for (const text of saidEver) for (const fragment of fragmentsOf(text)) words.set(fragment, name);
  }
  if (words.size === 0) return words;
  for (const { isDeleted, saidEver, source } of told) {
    if (isDeleted) continue;
    const { metadata, extra } = source.event;
    for (const text of [...saidEver, JSON.stringify([metadata, extra])])
      for (const fragment of fragmentsOf(text)) words.delete(fragment);
  }
  return words;
}
