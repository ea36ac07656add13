import { lookAt, readAndLookAt, type Seen } from './seen.ts';
import { rules } from './rules/rules.ts';

export interface OracleInput {
  readonly brokers: readonly string[];
  readonly databaseUrl: string;
  readonly topics: { readonly messages: string; readonly results: string; readonly deadLetter: string };
  readonly groupId: string;
  readonly settings: { readonly gapMs: number; readonly maxMessages: number; readonly maxDurationMs: number };
  /** Everything the processes wrote to stdout and stderr, in full. */
  readonly logs: readonly string[];
  /** What the stand-in model was asked: one entry a request that it received. */
  readonly modelCalls: readonly { readonly body: string }[];
  /** Kills that hit while a model call was in flight, and repairs the model provoked: how many calls beyond one per window revision are allowed. */
  readonly allowedExtraCalls: number;
  /** The stages that are enabled; the three that come with the product unless told. */
  readonly stages?: readonly string[];
}

/** Ids and counts only, never a word of a conversation. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

export interface Judgement {
  readonly violations: readonly Violation[];
  /** What was looked at, so that a judgement over nothing shows. */
  readonly counts: Readonly<Record<string, number>>;
}

/** So many of one rule are told; the rest is counted. */
const mostOfARule = 20;

/**
 * Judges a line at rest: no lag, no window due, no work pending, nothing unsent. It reads the
 * log and the database by itself, works out from the records alone what has to stand where,
 * and shares no code with the product.
 *
 * What the load may not do, since the answer is then the product's to choose: send one id with
 * different texts in different partitions; and of edits of one message at the same
 * time any may win.
 */
export async function judge(input: OracleInput): Promise<Judgement> {
  return judgeSeen(await readAndLookAt(input));
}

/** The same of a log that was read before. */
export async function judgeWithLog(input: OracleInput, log: Seen['log']): Promise<Judgement> {
  return judgeSeen(await lookAt(input, log));
}

function judgeSeen(seen: Seen): Judgement {
  const violations = Object.entries(rules).flatMap(([rule, breaches]) => limited(rule, breaches(seen)));
  return { violations, counts: countsOf(seen) };
}

export function limited(rule: string, details: readonly string[]): Violation[] {
  const told = details.slice(0, mostOfARule).map((detail) => ({ rule, detail }));
  if (details.length <= mostOfARule) return told;
  return [...told, { rule, detail: `and ${details.length - mostOfARule} more` }];
}

function countsOf({ input, meaning, messages, snapshot, results }: Seen): Record<string, number> {
  const changes = [...meaning.changes.values()].flat();
  const live = snapshot.windows.filter(({ status }) => status === 'open' || status === 'closed');
  return {
    messages: messages.told.length,
    repeats: messages.told.reduce((sum, { repeats }) => sum + repeats, 0),
    conflicts: messages.told.reduce((sum, { conflicts }) => sum + conflicts.length, 0),
    clamped: messages.told.filter(({ isAhead }) => isAhead).length,
    edits: changes.filter(([{ event }]) => event.content !== null).length,
    deletes: changes.filter(([{ event }]) => event.content === null).length,
    ends: meaning.ends.length,
    ignored: meaning.ignored.length,
    refused: meaning.refused.length,
    windows: live.length,
    superseded: snapshot.windows.filter(({ status }) => status === 'superseded').length,
    revisions: snapshot.windows.reduce((sum, { revision }) => sum + revision, 0),
    results: snapshot.stages.filter(({ status, isLive }) => status === 'done' && isLive).length,
    facts: snapshot.facts.length,
    preferences: snapshot.preferences.length,
    events: results.events.length,
    resends: results.resends,
    modelCalls: input.modelCalls.length,
  };
}
