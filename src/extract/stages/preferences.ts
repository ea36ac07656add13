import {
  preferencesResultSchema,
  type PreferenceResult,
  type PreferencesResult,
} from '../../model/results.ts';
import { checkEvidence, toEvidence, type HeldQuote } from '../evidence.ts';
import type { CheckedResult, Stage } from '../stage.ts';
import type { Transcript } from '../transcript.ts';
import { compareKey } from '../validators/compare-key.ts';
import { isBotsName } from '../validators/own-name.ts';
import { normalizePreferenceValue } from '../validators/preference-value.ts';
import { preferencesDraftSchema, type PreferenceDraft, type PreferencesDraft } from './drafts.ts';
import { clampConfidence, Rejections } from './rejections.ts';

/** What is read out of behaviour is never as sure as what was asked for in words. */
const maxImpliedConfidence = 0.8;
const maxReasoningLength = 300;

/** How the user wants to be talked to. */
export const preferencesStage: Stage<PreferencesDraft, PreferencesResult> = {
  name: 'preferences',
  version: '3',
  minMessages: 3,
  draftSchema: preferencesDraftSchema,
  resultSchema: preferencesResultSchema,
  check: checkPreferences,
};

interface HeldPreference {
  readonly draft: PreferenceDraft;
  readonly quotes: readonly HeldQuote[];
}

function checkPreferences(draft: PreferencesDraft, transcript: Transcript): CheckedResult<PreferencesResult> {
  const rejections = new Rejections();
  const byClaim = new Map<string, HeldPreference>();
  for (const preference of draft.preferences) {
    const next = holdPreference(preference, transcript, rejections);
    if (next === undefined) continue;
    const claim = `${next.draft.key} ${compareKey(next.draft.value) || next.draft.value}`;
    const known = byClaim.get(claim);
    if (known !== undefined) rejections.add('duplicate');
    byClaim.set(claim, known === undefined ? next : mergeTwo(known, next));
  }
  return { result: { preferences: [...byClaim.values()].map(toResult) }, rejected: rejections.counts() };
}

function holdPreference(
  draft: PreferenceDraft,
  transcript: Transcript,
  rejections: Rejections,
): HeldPreference | undefined {
  const evidence = checkEvidence(draft.evidence, transcript);
  const value = normalizePreferenceValue(draft.key, draft.value);
  // Requests come as questions ("could you keep it short?"): asking is no reason to refuse here.
  if (!evidence.held || value === undefined) {
    rejections.add(evidence.held ? `value-of-${draft.key}` : evidence.reason);
    return undefined;
  }
  if (draft.key === 'preferred_name' && isBotsName(value, evidence.quotes, transcript.botId)) {
    rejections.add('entity-is-bot');
    return undefined;
  }
  rejections.addDropped(evidence.droppedBy);
  return { draft: { ...draft, value }, quotes: evidence.quotes };
}

/** Asked for once in words is explicit, whatever else hints at it. */
function mergeTwo(a: HeldPreference, b: HeldPreference): HeldPreference {
  const stronger = b.draft.explicit && !a.draft.explicit ? b.draft : a.draft;
  const confidence = Math.max(a.draft.confidence, b.draft.confidence);
  return { draft: { ...stronger, confidence }, quotes: [...a.quotes, ...b.quotes] };
}

function toResult({ draft, quotes }: HeldPreference): PreferenceResult {
  const confidence = clampConfidence(draft.confidence);
  return {
    key: draft.key,
    value: draft.value,
    explicit: draft.explicit,
    confidence: draft.explicit ? confidence : Math.min(confidence, maxImpliedConfidence),
    reasoning: Array.from(draft.reasoning.replace(/\s+/gu, ' ').trim()).slice(0, maxReasoningLength).join(''),
    evidence: toEvidence(quotes),
  };
}
