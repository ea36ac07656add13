import { z } from 'zod';

/**
 * What stages return and the results topic carries (contract 3.3). The JSON
 * Schemas in `schemas/` are generated from these.
 */

export const evidenceSchema = z.strictObject({
  message_id: z.string().min(1),
  /** Verbatim words of that message, as checked by code. */
  quote: z.string().min(1),
  channel_id: z
    .string()
    .min(1)
    .nullable()
    .optional()
    .describe(
      'The message’s channel (null: it has none), where its window’s messages are of several: ' +
        'two channels may use one id. Absent: all are of the window’s.',
    ),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const emotionalTones = ['positive', 'negative', 'neutral', 'mixed'] as const;
export type EmotionalTone = (typeof emotionalTones)[number];

export const summaryResultSchema = z.strictObject({
  summary_text: z.string().min(1),
  key_topics: z.array(z.string().min(1)),
  emotional_tone: z.enum(emotionalTones),
  /** Length of the summary over the length of the transcript's text. */
  compression_ratio: z.number().min(0),
  topic_diversity: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'How little the topics repeat each other: 1, no two share a word. Absent in results of before.',
    ),
  grounded_share: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'Share of what the summary says whose words stand in the transcript. Absent in results of before.',
    ),
  confidence_score: z.number().min(0).max(1),
});
export type SummaryResult = z.infer<typeof summaryResultSchema>;

/** The closed vocabulary of relations; `other` comes with a free predicate in `predicate`. */
export const relations = [
  'is_named',
  'is_aged',
  'lives_in',
  'from',
  'works_as',
  'works_at',
  'studies',
  'studied_at',
  'speaks',
  'likes',
  'loves',
  'enjoys',
  'prefers',
  'dislikes',
  'hates',
  'avoids',
  'owns',
  'has',
  'visited',
  'does',
  'plays',
  'practices',
  'wants',
  'needs',
  'plans_to',
  'learned',
  'knows',
  'feels',
  'allergic_to',
  'other',
] as const;
export type Relation = (typeof relations)[number];

export const entityTypes = [
  'name',
  'person',
  'place',
  'organization',
  'occupation',
  'education',
  'language',
  'hobby',
  'activity',
  'food',
  'drink',
  'pet',
  'media',
  'skill',
  'goal',
  'event',
  'feeling',
  'health',
  'object',
  'other',
] as const;
export type EntityType = (typeof entityTypes)[number];

export const polarities = ['positive', 'negative'] as const;
export type Polarity = (typeof polarities)[number];

/** How the user meant it. Only `stated` and `implied` become current facts. */
export const modalities = [
  'stated',
  'implied',
  'hypothetical',
  'joking',
  'role-play',
  'about-someone-else',
] as const;
export type Modality = (typeof modalities)[number];

export const factResultSchema = z.strictObject({
  relation: z.enum(relations),
  /** The free wording of the relation, only with `other`. */
  predicate: z.string().min(1).max(60).optional(),
  entity_name: z.string().min(1).max(100),
  entity_type: z.enum(entityTypes),
  /** Details of this user's own fact (a colour, a breed, a number), never of the entity shared by others. */
  attributes: z.record(z.string(), z.string()).optional(),
  /** `negative`: the user says it is not so ("I have no pets"). */
  polarity: z.enum(polarities),
  modality: z.enum(modalities),
  confidence: z.number().min(0).max(1),
  /** RFC 3339. When it became true as far as the words tell; usually the message's time. */
  valid_from: z.string().nullable(),
  /** RFC 3339. Set when the words say that it ended ("I used to live in Rome"). */
  valid_to: z.string().nullable(),
  evidence: z.array(evidenceSchema).min(1),
});
export type FactResult = z.infer<typeof factResultSchema>;
export const factsResultSchema = z.strictObject({ facts: z.array(factResultSchema) });
export type FactsResult = z.infer<typeof factsResultSchema>;

export const preferenceKeys = [
  'preferred_name',
  'pronouns',
  'timezone',
  'location',
  'communication_style',
  'response_length',
  'language',
  'topic_preferences',
  'topics_to_avoid',
  'formality_level',
  'use_emojis',
] as const;
export type PreferenceKey = (typeof preferenceKeys)[number];

/** Values of the keys that have a closed vocabulary; of the others any text of their own form. */
export const responseLengths = ['short', 'medium', 'long'] as const;
export const formalityLevels = ['casual', 'neutral', 'formal'] as const;
export const emojiUses = ['yes', 'no'] as const;
const vocabularies = {
  response_length: responseLengths,
  formality_level: formalityLevels,
  use_emojis: emojiUses,
} as const satisfies Partial<Record<PreferenceKey, readonly string[]>>;

/** In the published schema only: the type of a value is text for every key. */
const closedValues = Object.entries(vocabularies).map(([key, values]) => ({
  if: { properties: { key: { const: key } } },
  then: { properties: { value: { enum: [...values] } } },
}));

export const preferenceResultSchema = z
  .strictObject({
    key: z.enum(preferenceKeys),
    value: z.string().min(1).max(200),
    /** Asked for in words, as opposed to read out of behaviour. */
    explicit: z.boolean(),
    confidence: z.number().min(0).max(1),
    reasoning: z.string(),
    evidence: z.array(evidenceSchema).min(1),
  })
  .meta({ allOf: closedValues });
export type PreferenceResult = z.infer<typeof preferenceResultSchema>;
export const preferencesResultSchema = z.strictObject({ preferences: z.array(preferenceResultSchema) });
export type PreferencesResult = z.infer<typeof preferencesResultSchema>;

/** Which analyser made a result. */
export const methods = ['model', 'offline'] as const;
export type Method = (typeof methods)[number];

export const usageSchema = z.strictObject({
  input_tokens: z.number().int().min(0),
  cached_input_tokens: z.number().int().min(0),
  cache_write_input_tokens: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('Those of the input that were written to the provider’s cache. Absent: none.'),
  output_tokens: z.number().int().min(0),
  /** Model calls that this result took, repairs included. */
  calls: z.number().int().min(0),
  cost_usd: z
    .number()
    .min(0)
    .nullable()
    .optional()
    .describe(
      'Dollars by the prices set, exact to the nano-dollar. Null: the model’s price is not known. Absent: nothing was spent.',
    ),
});
export type Usage = z.infer<typeof usageSchema>;

export const noUsage: Usage = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, calls: 0 };
