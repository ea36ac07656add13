import { z } from 'zod';
import { AfterwordError } from '../errors.ts';
import type { Evidence } from '../model/results.ts';
import { checkEvidence, toEvidence, type EvidenceRefusal } from './evidence.ts';
import { draftEvidenceSchema, type DraftEvidence } from './stages/drafts.ts';
import { Rejections } from './stages/rejections.ts';
import type { CheckedResult } from './stage.ts';
import type { Transcript } from './transcript.ts';

/** A transcript line by its number, and words copied from it: what a model answers as evidence. */
export type Citation = DraftEvidence;

/**
 * For a field `evidence` of a stage's schema: at least one line by the user, with words
 * copied from it. What is checked becomes message ids with quotes (`Evidence`).
 */
export const citationsSchema = z.array(draftEvidenceSchema);

/** The evidence that holds, in the order of the lines; or why the claim has none. */
export type VerifiedCitations =
  | {
      readonly held: true;
      readonly evidence: readonly Evidence[];
      /** Citations that failed and were left out. */
      readonly dropped: number;
    }
  | { readonly held: false; readonly reason: EvidenceRefusal };

/**
 * The check that the built-in stages use: each quote has to stand, word for word, in a
 * message of the window that may be evidence, and at least one of them is the user's own.
 */
export function verifyCitations(citations: readonly Citation[], transcript: Transcript): VerifiedCitations {
  const checked = checkEvidence(citations, transcript);
  if (!checked.held) return checked;
  return { held: true, evidence: toEvidence(checked.quotes), dropped: checked.dropped };
}

/**
 * The check of a stage that has none of its own: every `evidence` of the answer is
 * verified and written as message ids with quotes. A claim in a list falls alone, and is
 * counted; where a claim is no item of a list, the whole answer does not hold.
 *
 * @throws AfterwordError MODEL_OUTPUT_INVALID: the stage is asked again, once
 */
export function verifyAnswer(draft: unknown, transcript: Transcript): CheckedResult<unknown> {
  const rejections = new Rejections();
  const verified = verify(draft, transcript, rejections);
  if (verified.held) return { result: verified.value, rejected: rejections.counts() };
  throw new AfterwordError(
    'MODEL_OUTPUT_INVALID',
    `evidence does not hold (${verified.reason}): cite lines by their number and copy quotes letter by letter`,
  );
}

type Verified =
  | { readonly held: true; readonly value: unknown }
  | { readonly held: false; readonly reason: EvidenceRefusal };

function verify(value: unknown, transcript: Transcript, rejections: Rejections): Verified {
  if (Array.isArray(value)) return { held: true, value: verifyItems(value, transcript, rejections) };
  if (typeof value !== 'object' || value === null) return { held: true, value };
  const fields: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    const verified = isCitations(name, field)
      ? verifyField(field, transcript, rejections)
      : verify(field, transcript, rejections);
    if (!verified.held) return verified;
    fields.push([name, verified.value]);
  }
  return { held: true, value: Object.fromEntries(fields) };
}

function verifyItems(items: readonly unknown[], transcript: Transcript, rejections: Rejections): unknown[] {
  return items.flatMap((item) => {
    const verified = verify(item, transcript, rejections);
    if (verified.held) return [verified.value];
    rejections.add(verified.reason);
    return [];
  });
}

function verifyField(
  citations: readonly Citation[],
  transcript: Transcript,
  rejections: Rejections,
): Verified {
  const verified = verifyCitations(citations, transcript);
  if (!verified.held) return verified;
  rejections.add('quote-dropped', verified.dropped);
  return { held: true, value: verified.evidence };
}

/** An empty list is told by its name alone: a claim that cites nothing must not pass for one that needs nothing. */
function isCitations(name: string, field: unknown): field is Citation[] {
  if (!Array.isArray(field) || (field.length === 0 && name !== 'evidence')) return false;
  return citationsSchema.safeParse(field).success;
}
