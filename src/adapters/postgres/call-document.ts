import type { EndedCall, PlannedCall, StageUsage } from '../../extract/call-ledger.ts';
import { toNanoUsd } from '../../model/model-cost.ts';
import { noUsage } from '../../model/results.ts';

/** The window that a call is about. */
export interface CalledWindow {
  readonly runId: number;
  readonly keyId: string;
  readonly botId: string;
  readonly windowId: string;
  /** The one that is being made. */
  readonly revision: number;
}

/** A row of `model_calls` as JSON text, as the functions of the database take it. */
export function callDocument(window: CalledWindow, call: PlannedCall | EndedCall): string {
  const ended = 'outcome' in call ? call : undefined;
  const usage = ended?.usage ?? noUsage;
  return JSON.stringify({
    call_id: call.callId,
    run_id: window.runId,
    key_id: window.keyId,
    bot_id: window.botId,
    window_id: window.windowId,
    revision: window.revision,
    strategy: call.strategy,
    model: call.model,
    purpose: call.purpose,
    stages: call.stages,
    outcome: ended?.outcome ?? null,
    input_tokens: usage.input_tokens,
    cached_input_tokens: usage.cached_input_tokens,
    cache_write_input_tokens: usage.cache_write_input_tokens ?? 0,
    output_tokens: usage.output_tokens,
    estimate_nano_usd: call.mostNanoUsd,
    cost_nano_usd: ended?.costNanoUsd ?? null,
    cost_is_estimate: ended?.costIsEstimate ?? false,
    stage_usage: call.shares.map(shareDocument),
    took_ms: ended === undefined ? null : Math.round(ended.tookMs),
  });
}

function shareDocument({ stage, usage }: StageUsage): object {
  return {
    stage,
    input_tokens: usage.input_tokens,
    cached_input_tokens: usage.cached_input_tokens,
    cache_write_input_tokens: usage.cache_write_input_tokens ?? 0,
    output_tokens: usage.output_tokens,
    cost_nano_usd: typeof usage.cost_usd === 'number' ? toNanoUsd(usage.cost_usd) : null,
  };
}
