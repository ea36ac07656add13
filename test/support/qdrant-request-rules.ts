import { z } from 'zod';

/**
 * What Qdrant's published OpenAPI descriptions say of the requests that Afterword makes, versions 1.11
 * and 1.19: `docs/redoc/v1.11.x/openapi.json` and `docs/redoc/v1.19.x/openapi.json` of
 * https://github.com/qdrant/qdrant, as of commit 74f3e85 (2026-08-04). Where the two differ the
 * stricter holds. The descriptions let unknown fields pass; here they are refused, so that a
 * misspelt one shows. Not in them: the bounds of `size`, and that `points` may not be empty.
 */

/** Why the real server would refuse a request, and with which status. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
}

/** Point ids are unsigned integers or UUIDs, never other strings. */
const pointId = z.union([
  z.number().int().min(0),
  z.string().regex(/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i),
]);
const vector = z.array(z.number()).min(1);

const matchSchema = z.union([
  z.strictObject({ value: z.union([z.string(), z.number().int(), z.boolean()]) }),
  z.strictObject({ any: z.array(z.union([z.string(), z.number().int()])) }),
]);
const rangeSchema = z.strictObject({
  gt: z.number().nullish(),
  gte: z.number().nullish(),
  lt: z.number().nullish(),
  lte: z.number().nullish(),
});
const conditionSchema = z.union([
  z.strictObject({ key: z.string().min(1), match: matchSchema }),
  z.strictObject({ key: z.string().min(1), range: rangeSchema }),
]);
const filterSchema = z.strictObject({ must: z.array(conditionSchema).nullish() });
export type Condition = z.infer<typeof conditionSchema>;
export type Filter = z.infer<typeof filterSchema>;

const integerIndex = z.strictObject({
  type: z.literal('integer'),
  // Required up to 1.11, and since 1.12 no longer.
  lookup: z.boolean(),
  range: z.boolean(),
  is_principal: z.boolean().optional(),
});
const keywordIndex = z.strictObject({ type: z.literal('keyword'), is_tenant: z.boolean().optional() });

export const createCollectionSchema = z.strictObject({
  vectors: z.strictObject({
    size: z.number().int().min(1).max(65_536),
    distance: z.enum(['Cosine', 'Euclid', 'Dot', 'Manhattan']),
  }),
});
export const createIndexSchema = z.strictObject({
  field_name: z.string().min(1),
  field_schema: z.union([keywordIndex, integerIndex, z.enum(['keyword', 'integer'])]),
});
export const upsertSchema = z.strictObject({
  points: z
    .array(z.strictObject({ id: pointId, vector, payload: z.record(z.string(), z.unknown()).nullish() }))
    .min(1),
});
export const deleteSchema = z.union([
  z.strictObject({ points: z.array(pointId) }),
  z.strictObject({ filter: filterSchema }),
]);
export const countSchema = z.strictObject({ filter: filterSchema.nullish(), exact: z.boolean().optional() });
export const querySchema = z.strictObject({
  query: vector,
  filter: filterSchema.nullish(),
  limit: z.number().int().min(1).optional(),
  with_payload: z.boolean().optional(),
});

/** A body of this shape, or the refusal of the real server's JSON reader. */
export function parseBody<T>(schema: z.ZodType<T>, body: string): { readonly value: T } | Refusal {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { status: 400, error: 'Format error in JSON body: not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  // Like the real one it may quote what it was sent: nobody may pass that on.
  return { status: 400, error: `Format error in JSON body: ${issues.join('; ')} in ${body.slice(0, 2_000)}` };
}

export function passesFilter(
  payload: Readonly<Record<string, unknown>>,
  filter: Filter | null | undefined,
): boolean {
  return (filter?.must ?? []).every((condition) => passes(payload[condition.key], condition));
}

/** Of a list any element may pass, as in the real server. */
function passes(value: unknown, condition: Condition): boolean {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if ('match' in condition) {
    const { match } = condition;
    return values.some((one) =>
      'value' in match ? one === match.value : match.any.some((any) => any === one),
    );
  }
  const { gt, gte, lt, lte } = condition.range;
  return values.some(
    (one) =>
      typeof one === 'number' &&
      (gt == null || one > gt) &&
      (gte == null || one >= gte) &&
      (lt == null || one < lt) &&
      (lte == null || one <= lte),
  );
}
