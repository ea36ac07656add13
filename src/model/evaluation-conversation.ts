import { z } from 'zod';
import { chatMessageSchema } from './message-event.ts';
import { emotionalTones, modalities, polarities, preferenceKeys, relations } from './results.ts';

/**
 * A line of a labelled file: one finished conversation, and what a careful reader would
 * remember of it. The published JSON Schema is made from this. Unlike readers of topics
 * this one is strict about labels: a misspelt field would silently weaken a judgement.
 */

const { shape } = chatMessageSchema;

/** As on the messages topic, where evidence can name it and relative dates have their day. */
const labelledMessageSchema = chatMessageSchema.extend({
  id: shape.bot_id.describe('Unique in the conversation: labels name their evidence by it.'),
  sent_at: z
    .union([z.string(), z.number()])
    .describe('RFC 3339 with offset, or epoch milliseconds; the order of the conversation.'),
});

const wordingsSchema = z
  .array(z.string().regex(/\S/))
  .min(1)
  .describe(
    'Allowed wordings. What was found is one of them but for case, articles and plural, or holds all content words of one.',
  );

const evidenceIdsSchema = z
  .array(shape.bot_id)
  .min(1)
  .describe('Ids of the messages that carry it, at least one by the user. One of them has to be cited.');

const optionalSchema = z
  .boolean()
  .default(false)
  .describe('True, but nobody misses it: found it is right, not found it is no miss.');

function oneOrMore<Item extends z.ZodType>(item: Item) {
  return z.union([item, z.array(item).min(1)]);
}

export const expectedFactSchema = z.strictObject({
  relation: oneOrMore(z.enum(relations)).describe(
    'Allowed relations; one stands for its family (likes: also loves, enjoys, prefers). The first names the row of the report.',
  ),
  entity: wordingsSchema,
  polarity: oneOrMore(z.enum(polarities)).default('positive'),
  modality: oneOrMore(z.enum(modalities)).default(['stated', 'implied']),
  evidence: evidenceIdsSchema,
  optional: optionalSchema,
});

export const expectedPreferenceSchema = z.strictObject({
  key: z.enum(preferenceKeys),
  value: wordingsSchema,
  evidence: evidenceIdsSchema,
  optional: optionalSchema,
});

export const evaluationConversationSchema = z
  .strictObject({
    id: z.string().regex(/\S/).max(255),
    half: z
      .enum(['tuned', 'untouched'])
      .optional()
      .describe('Whether prompts or rules may be changed for it.'),
    tags: z.array(z.string().regex(/\S/)).default([]),
    messages: z.array(labelledMessageSchema).min(1),
    expected: z.strictObject({
      exhaustive: z
        .boolean()
        .default(false)
        .describe('Nothing else would be right: precision is counted over these conversations only.'),
      facts: z.array(expectedFactSchema).default([]),
      preferences: z.array(expectedPreferenceSchema).default([]),
      topics: z
        .array(wordingsSchema)
        .default([])
        .describe('What the summary should name, each by its wordings.'),
      tone: z.array(z.enum(emotionalTones)).min(1).optional().describe('Tones that are right.'),
    }),
  })
  .meta({
    title: 'Evaluation conversation',
    description: 'One line of a file for `afterword evaluate`, version 1.',
  });
export type EvaluationConversation = z.output<typeof evaluationConversationSchema>;
