import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isAfterwordError } from '../errors.ts';
import { costNanoUsd, mostNanoUsd, toNanoUsd, toUsd } from '../model/model-cost.ts';
import type { ModelPrice } from '../model/model-prices.ts';
import { noUsage, type Usage } from '../model/results.ts';
import type { CallPurpose, EndedCall, PlannedCall, StageUsage } from './call-ledger.ts';
import type { ModelRequest } from './model-client.ts';
import { partsOf } from './read-draft.ts';
import type { Stage } from './stage.ts';
import { splitUsage, usageOfError, withCost } from './usage.ts';

/** What is asked, of whom and why. */
export interface CallQuestion {
  readonly request: ModelRequest<unknown>;
  readonly stages: readonly Stage[];
  readonly purpose: CallPurpose;
  readonly strategy: string;
  readonly price: ModelPrice | undefined;
}

export function planCall({ request, stages, purpose, strategy, price }: CallQuestion): PlannedCall {
  const tokens = { inputTokens: mostInputTokens(request), outputTokens: request.maxOutputTokens };
  const most = mostNanoUsd(tokens, price);
  const reserved: Usage = { ...noUsage, cost_usd: most === null ? null : toUsd(most) };
  return {
    callId: randomUUID(),
    model: request.model,
    strategy,
    purpose,
    stages: stages.map(({ name }) => name),
    mostNanoUsd: most,
    shares: named(
      stages,
      splitUsage(
        reserved,
        stages.map(() => 1),
      ),
    ),
  };
}

/** What the provider adds to a request: roles, and the frame around a schema. */
const frameTokens = 2_000;

/** No tokenizer makes more tokens of a text than it has bytes. */
function mostInputTokens({ system, user, repair, answerSchema }: ModelRequest<unknown>): number {
  const texts = [system, user, repair?.answer ?? '', repair?.problem ?? ''];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return bytes + schemaBytes(answerSchema) + frameTokens;
}

// Deriving one takes a millisecond; the same stages ask with the same schema object.
const knownSchemaBytes = new WeakMap<z.ZodType, number>();

function schemaBytes(schema: z.ZodType): number {
  const known = knownSchemaBytes.get(schema) ?? measureSchema(schema);
  knownSchemaBytes.set(schema, known);
  return known;
}

function measureSchema(schema: z.ZodType): number {
  try {
    return Buffer.byteLength(JSON.stringify(z.toJSONSchema(schema)));
  } catch {
    // What cannot be said in JSON Schema is refused before it is sent.
    return 0;
  }
}

/** The shares of each stage in an answer: the longer its part, the more of what came out. */
export function shareUsage(
  stages: readonly Stage[],
  answer: { readonly text: string; readonly usage: Usage },
  price: ModelPrice | undefined,
): Usage[] {
  const parts = partsOf(answer.text);
  const weights = stages.map((stage) => JSON.stringify(parts?.[stage.name] ?? '').length);
  return splitUsage(answer.usage, weights, price);
}

/** An answer that came; its usage tells the cost. */
export function answeredCall(
  planned: PlannedCall,
  { stages, price }: CallQuestion,
  answer: { readonly text: string; readonly usage: Usage },
  tookMs: number,
): EndedCall {
  return {
    ...planned,
    outcome: 'ok',
    usage: answer.usage,
    costNanoUsd: costNanoUsd(answer.usage, price),
    costIsEstimate: false,
    shares: named(stages, shareUsage(stages, answer, price)),
    tookMs,
  };
}

/**
 * A call that failed; undefined: nobody was asked. What the provider refuses costs nothing, a cut-off
 * or refused answer its tokens; of one that was aborted, or that nobody answered, the most is assumed.
 */
export function failedCall(
  planned: PlannedCall,
  { stages, price }: CallQuestion,
  failure: { readonly error: unknown; readonly aborted: boolean; readonly tookMs: number },
): EndedCall | undefined {
  const { error, aborted, tookMs } = failure;
  const ended = { ...planned, outcome: aborted ? 'aborted' : codeOf(error), usage: noUsage, tookMs };
  const usage = withCost(usageOfError(error), price);
  if (usage.calls > 0) {
    const weights = stages.map(() => 1);
    const costNano = typeof usage.cost_usd === 'number' ? toNanoUsd(usage.cost_usd) : null;
    const shares = named(stages, splitUsage(usage, weights, price));
    return { ...ended, usage, costNanoUsd: costNano, costIsEstimate: false, shares };
  }
  switch (aborted ? 'unknown' : fateOf(error)) {
    case 'not-sent':
      return undefined;
    case 'refused': {
      const shares = planned.shares.map(({ stage }) => ({ stage, usage: { ...noUsage, cost_usd: 0 } }));
      return { ...ended, costNanoUsd: 0, costIsEstimate: false, shares };
    }
    case 'unknown':
      return { ...ended, costNanoUsd: planned.mostNanoUsd, costIsEstimate: planned.mostNanoUsd !== null };
  }
}

function codeOf(error: unknown): string {
  return isAfterwordError(error) ? error.code : 'error';
}

function fateOf(error: unknown): 'not-sent' | 'refused' | 'unknown' {
  if (!isAfterwordError(error)) return 'unknown';
  if (error.details['sent'] === false) return 'not-sent';
  if (typeof error.details['status'] === 'number') return 'refused';
  // Without a status: what was asked cannot even be said.
  return error.code === 'MODEL_REQUEST_INVALID' ? 'not-sent' : 'unknown';
}

function named(stages: readonly Stage[], shares: readonly Usage[]): StageUsage[] {
  return stages.map((stage, index) => ({ stage: stage.name, usage: shares[index] ?? noUsage }));
}
