import { z } from 'zod';
import { AfterwordError, isAfterwordError } from '../errors.ts';
import { isLetGo } from '../let-go.ts';
import type { StageDefinition } from './define-stage.ts';
import { factDraftSchema, preferenceDraftSchema } from './stages/drafts.ts';
import { factsStage } from './stages/facts.ts';
import { preferencesStage } from './stages/preferences.ts';
import { Rejections } from './stages/rejections.ts';
import { stageBroken, stageFailed, type StagePart } from './stage-failed.ts';
import type { CheckedResult, RejectionCounts, Remembered, Stage } from './stage.ts';
import type { Transcript } from './transcript.ts';
import { verifyAnswer } from './verify-citations.ts';

/** A user's definition, whose shape has been checked, as the stage that runs; nothing of it is trusted. */
export function toStage(definition: StageDefinition): Stage {
  const { name, version, minMessages, schema, prompt } = definition;
  return {
    name,
    version,
    minMessages,
    draftSchema: schema,
    resultSchema: z.unknown(),
    prompt: prompt.trimStart().startsWith('# ') ? prompt.trim() : `# ${name}\n${prompt.trim()}`,
    check: (draft, transcript) => {
      const checked = ownResult(definition, draft, transcript);
      const remembered = toRemember(definition, draft, transcript);
      if (remembered === undefined) return checked;
      return { ...checked, remembered, rejected: sum(checked.rejected, remembered.rejected) };
    },
    ...(definition.merge === undefined
      ? {}
      : { merge: (drafts: readonly unknown[]) => mergedDraft(definition, drafts) }),
    ...(definition.offline === undefined
      ? {}
      : { offline: (transcript: Transcript) => offlineDraft(definition, transcript) }),
  };
}

function ownResult(
  definition: StageDefinition,
  draft: unknown,
  transcript: Transcript,
): CheckedResult<unknown> {
  const { name } = definition;
  if (definition.check === undefined) return verifyAnswer(draft, transcript);
  const returned: unknown = call(name, 'check', () => definition.check?.(draft, transcript));
  if (!isObject(returned) || returned['result'] === undefined) {
    throw stageBroken(name, 'check', 'returned no { result }');
  }
  const result = call(name, 'result', () => jsonOf(returned['result']));
  return { result, rejected: reasonsOf(returned['rejected']) };
}

/** As it will be stored: what JSON leaves out is left out before anybody reads it. */
function jsonOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** Reasons are labels of a metric and words of a log: what looks otherwise is counted under no name. */
function reasonsOf(rejected: unknown): RejectionCounts {
  const rejections = new Rejections();
  if (!isObject(rejected)) return {};
  for (const [reason, count] of Object.entries(rejected)) {
    const name = /^[a-z][a-z0-9-]{0,62}$/.test(reason) ? reason : 'other';
    if (typeof count === 'number' && Number.isSafeInteger(count)) rejections.add(name, count);
  }
  return rejections.counts();
}

const toRememberSchema = z.strictObject({
  facts: z.array(factDraftSchema).optional(),
  preferences: z.array(preferenceDraftSchema).optional(),
});

/** Through the checks of the built-in stages: memory has one rule for what may enter it (promise P5). */
function toRemember(
  definition: StageDefinition,
  draft: unknown,
  transcript: Transcript,
): (Remembered & { readonly rejected: RejectionCounts }) | undefined {
  const { name } = definition;
  if (definition.remember === undefined) return undefined;
  const returned: unknown = call(name, 'remember', () => definition.remember?.(draft, transcript));
  const claims = toRememberSchema.safeParse(returned);
  if (!claims.success)
    throw stageBroken(name, 'remember', 'returned no { facts?, preferences? } in their form');
  const facts = factsStage.check({ facts: claims.data.facts ?? [] }, transcript);
  const preferences = preferencesStage.check({ preferences: claims.data.preferences ?? [] }, transcript);
  return {
    facts: facts.result.facts,
    preferences: preferences.result.preferences,
    rejected: sum(facts.rejected, preferences.rejected),
  };
}

function mergedDraft(definition: StageDefinition, drafts: readonly unknown[]): unknown {
  return answerOf(definition, 'merge', () => definition.merge?.(drafts));
}

function offlineDraft(definition: StageDefinition, transcript: Transcript): unknown {
  return answerOf(definition, 'offline', () => definition.offline?.(transcript));
}

/** What a user's function returns in the place of a model's answer. */
function answerOf({ name, schema }: StageDefinition, part: StagePart, run: () => unknown): unknown {
  const answered = call(name, part, run);
  const parsed = call(name, 'schema', () => schema.safeParse(answered));
  if (!parsed.success) throw stageBroken(name, part, 'returned an answer that its schema refuses');
  return parsed.data;
}

/** Runs a user's function; what it throws loses its text. */
function call<T>(stage: string, part: StagePart, run: () => T): T {
  let returned: T;
  try {
    returned = run();
  } catch (thrown) {
    throw refusalOf(thrown) ?? stageFailed(stage, part, thrown);
  }
  if (isLetGo(returned)) throw stageBroken(stage, part, 'is asynchronous, which it may not be');
  return returned;
}

/** By its words, not its class: a module may have another copy of this package. */
function refusalOf(thrown: unknown): AfterwordError | undefined {
  if (isAfterwordError(thrown)) return thrown.code === 'MODEL_OUTPUT_INVALID' ? thrown : undefined;
  const isOther = thrown instanceof Error && thrown.name === 'AfterwordError' && 'code' in thrown;
  if (!isOther || thrown.code !== 'MODEL_OUTPUT_INVALID') return undefined;
  return new AfterwordError('MODEL_OUTPUT_INVALID', thrown.message);
}

function sum(...counts: readonly RejectionCounts[]): RejectionCounts {
  const rejections = new Rejections();
  for (const [reason, count] of counts.flatMap((one) => Object.entries(one))) rejections.add(reason, count);
  return rejections.counts();
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
