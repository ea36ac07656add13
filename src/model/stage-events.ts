import { z } from 'zod';
import { commonFields, truncatedSchema, windowFields } from './result-event-fields.ts';
import {
  factsResultSchema,
  methods,
  preferencesResultSchema,
  summaryResultSchema,
  usageSchema,
} from './results.ts';

/** The data of the two events that tell how stages ended. */

/** The stages that come with Afterword; others may return any JSON. */
export const resultSchemasByStage = {
  summary: summaryResultSchema,
  facts: factsResultSchema,
  preferences: preferencesResultSchema,
} as const;

const anyJsonSchema = z.unknown().refine((value) => value !== undefined, 'expected a JSON value');

const stageFields = {
  stage: z.string().min(1).describe('`summary`, `facts`, `preferences`, or a stage of your own.'),
  stage_version: z
    .string()
    .min(1)
    .describe(
      'With `+` and a digest of its words where the prompt was another than the newest built-in one.',
    ),
  strategy: z.string().min(1).describe('Name of the prompt, model, call shape and effort that were used.'),
  method: z.enum(methods),
  model: z.string().nullable().describe('Null: no model took part.'),
  usage: usageSchema.describe(
    'Tokens, calls and money that this result took; zeros when a kept answer was used again.',
  ),
};

const stageCompletedFields = z.strictObject({
  ...commonFields,
  ...windowFields,
  ...stageFields,
  result: anyJsonSchema.describe(
    'What the stage found. An empty list is a result: nothing was there to find.',
  ),
});

/** Apart, because its JSON Schema says by stage what the result is. */
export const stageCompletedInFullSchema = stageCompletedFields.superRefine(checkResultOfOwnStage);

export const stageCompletedSchema = z
  .union([
    stageCompletedInFullSchema,
    z.strictObject({ ...commonFields, ...windowFields, ...stageFields, truncated: truncatedSchema }),
  ])
  .describe('One stage’s result for one revision of a window.');

const doneFields = {
  status: z.literal('done'),
  stage_version: z.string().min(1),
  method: z.enum(methods),
  model: z.string().nullable(),
};
const stageSkippedSchema = z.strictObject({
  status: z.literal('skipped'),
  stage_version: z.string().min(1),
  reason: z.string().min(1).describe('Such as `too-few-messages`.'),
});
const stageFailedSchema = z.strictObject({
  status: z.literal('failed'),
  stage_version: z.string().min(1),
  error_code: z.string().min(1),
});

function outcomeSchema<Result extends z.ZodType>(result: Result) {
  const done = z.strictObject({ ...doneFields, result });
  return z.discriminatedUnion('status', [done, stageSkippedSchema, stageFailedSchema]);
}

const outcomeWithoutResultSchema = z.discriminatedUnion('status', [
  z.strictObject(doneFields),
  stageSkippedSchema,
  stageFailedSchema,
]);

const stagesSchema = z
  .object({
    summary: outcomeSchema(summaryResultSchema).optional(),
    facts: outcomeSchema(factsResultSchema).optional(),
    preferences: outcomeSchema(preferencesResultSchema).optional(),
  })
  .catchall(outcomeSchema(anyJsonSchema))
  .describe('How each stage ended, by name. There is a result exactly where the status is `done`.');

const languageSchema = z
  .string()
  .regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}$/)
  .optional()
  .describe('That the user wrote in: a BCP-47 tag, `und` where they wrote too little to tell.');

export const windowEnrichedSchema = z
  .union([
    z.strictObject({ ...commonFields, ...windowFields, language: languageSchema, stages: stagesSchema }),
    z.strictObject({
      ...commonFields,
      ...windowFields,
      language: languageSchema,
      stages: z.record(z.string(), outcomeWithoutResultSchema),
      truncated: truncatedSchema,
    }),
  ])
  .describe('Every stage of a window’s revision has ended: done, skipped or failed.');

function checkResultOfOwnStage(data: z.infer<typeof stageCompletedFields>, context: z.RefinementCtx): void {
  if (!isOwnStage(data.stage)) return;
  const outcome = resultSchemasByStage[data.stage].safeParse(data.result);
  for (const issue of outcome.error?.issues ?? []) {
    context.addIssue({ code: 'custom', message: issue.message, path: ['result', ...issue.path] });
  }
}

function isOwnStage(stage: string): stage is keyof typeof resultSchemasByStage {
  return Object.hasOwn(resultSchemasByStage, stage);
}
