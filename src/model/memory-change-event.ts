import { z } from 'zod';
import { entityTypes, evidenceSchema, polarities, preferenceKeys, relations } from './results.ts';

/** One entry of `afterword.memory.changed.v1`: what became of one fact or preference. */

const memoryIdSchema = z.guid().describe('Stays the same for as long as the same thing is remembered.');
const timeSchema = z.iso.datetime();

export const memoryChangeKinds = ['confirmed', 'superseded', 'retracted'] as const;

const identifyingFields = {
  change: z
    .enum(memoryChangeKinds)
    .describe(
      '`confirmed`: it holds, learnt now or seen again. `superseded`: it no longer holds, or its history ' +
        'changed; it is kept. `retracted`: it was never so, or its evidence is gone; forget it.',
    ),
  id: memoryIdSchema,
};

export const memoryEvidenceSchema = z
  .strictObject({
    message_id: z.string().min(1),
    quote: z.string().describe('Verbatim words of that message; empty when its text was deleted since.'),
    channel_id: evidenceSchema.shape.channel_id,
    window_id: z.guid().nullable().describe('Null: entered by a person.'),
    occurred_at: timeSchema.describe('When the message was sent.'),
  })
  .describe('The words that carry it.');

const sharedFields = {
  ...identifyingFields,
  new: z
    .boolean()
    .describe('It was not so before this event. False: it was so already and has been seen again.'),
  retracted_by: z
    .enum(['person', 'evidence'])
    .nullable()
    .describe(
      'Of a retracted one: a person said it is wrong, or the words that carried it went away. Else null.',
    ),
  superseded_by: memoryIdSchema.nullable().describe('What took its place; null: nothing, or not superseded.'),
  statement: z.string().min(1).describe('One English sentence for people: "Lives in Porto".'),
  confidence: z.number().min(0).max(1).describe('Grows with the number of windows that said it.'),
  valid_from: timeSchema.nullable().describe('Since when it is true of the person; null: unknown.'),
  valid_to: timeSchema
    .nullable()
    .describe('Until when it was true; null: it still is, as far as anybody said.'),
  channels: z
    .array(z.strictObject({ channel_id: z.string().nullable(), channel_type: z.string().nullable() }))
    .describe('Every channel in which it was said. What was said in private is not for other channels.'),
  evidence: z
    .array(memoryEvidenceSchema)
    .describe('Newest first. Empty only where a person entered it by hand.'),
};

export const factContentSchema = z.strictObject({
  relation: z.enum(relations),
  predicate: z.string().nullable().describe('The free wording of the relation, only with `other`.'),
  entity_name: z.string().min(1),
  entity_type: z.enum(entityTypes),
  attributes: z
    .record(z.string(), z.string())
    .describe('Details of this person’s own fact: a colour, a breed.'),
  polarity: z.enum(polarities).describe('`negative`: it is not so ("has no pets").'),
  modality: z.enum(['stated', 'implied']),
});

export const preferenceContentSchema = z.strictObject({
  key: z.enum(preferenceKeys),
  value: z.string().min(1),
  explicit: z.boolean().describe('Asked for in words, as opposed to read out of behaviour.'),
  reasoning: z.string(),
});

export const memoryChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fact'), ...sharedFields, fact: factContentSchema }),
  z.strictObject({ kind: z.literal('preference'), ...sharedFields, preference: preferenceContentSchema }),
]);
export type MemoryChangeEntry = z.infer<typeof memoryChangeSchema>;

/** What is left of an entry when the event was too large, or when its words were deleted. */
export const memoryChangeIdSchema = z.strictObject({
  kind: z.enum(['fact', 'preference']),
  ...identifyingFields,
});
export type MemoryChangeId = z.infer<typeof memoryChangeIdSchema>;
