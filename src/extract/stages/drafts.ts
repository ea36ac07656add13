import { z } from 'zod';
import {
  emotionalTones,
  entityTypes,
  modalities,
  polarities,
  preferenceKeys,
  relations,
} from '../../model/results.ts';

/**
 * What an analyser (model or offline) answers, before code has checked it. Drafts
 * cite transcript line numbers; `check` maps them to message ids.
 */

export const draftEvidenceSchema = z.strictObject({
  /** Number of the transcript line, as in `[12]`. */
  line: z.number().int(),
  /** Words copied from that line. */
  quote: z.string(),
});
export type DraftEvidence = z.infer<typeof draftEvidenceSchema>;

export const summaryDraftSchema = z.strictObject({
  summary_text: z.string(),
  key_topics: z.array(z.string()),
  emotional_tone: z.enum(emotionalTones),
  /** How sure the analyser is that the summary says only what was said, 0 to 1. */
  certainty: z.number(),
  /** Lines that carry the summary. */
  cited_lines: z.array(z.number().int()),
});
export type SummaryDraft = z.infer<typeof summaryDraftSchema>;

export const factDraftSchema = z.strictObject({
  relation: z.enum(relations),
  /** Only with `other`; else null. */
  predicate: z.string().nullable(),
  entity_name: z.string(),
  entity_type: z.enum(entityTypes),
  attributes: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  polarity: z.enum(polarities),
  modality: z.enum(modalities),
  confidence: z.number(),
  /** RFC 3339 or a date; null: the time of the message. */
  valid_from: z.string().nullable(),
  valid_to: z.string().nullable(),
  evidence: z.array(draftEvidenceSchema),
});
export type FactDraft = z.infer<typeof factDraftSchema>;
export const factsDraftSchema = z.strictObject({ facts: z.array(factDraftSchema) });
export type FactsDraft = z.infer<typeof factsDraftSchema>;

export const preferenceDraftSchema = z.strictObject({
  key: z.enum(preferenceKeys),
  value: z.string(),
  explicit: z.boolean(),
  confidence: z.number(),
  reasoning: z.string(),
  evidence: z.array(draftEvidenceSchema),
});
export type PreferenceDraft = z.infer<typeof preferenceDraftSchema>;
export const preferencesDraftSchema = z.strictObject({ preferences: z.array(preferenceDraftSchema) });
export type PreferencesDraft = z.infer<typeof preferencesDraftSchema>;
