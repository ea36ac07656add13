import { z } from 'zod';
import { relations } from '../model/results.ts';
import { callShapes, efforts } from '../model/strategy-choices.ts';
import { durationPattern, parseDuration, positiveDurationPattern } from './duration.ts';
import { stageNamePattern } from './stage-names.ts';
import { modelOutputs } from './variables/model.ts';

/**
 * The file named by AFTERWORD_CONFIG: what is structured or per bot. Strict, so that
 * a misspelt setting is a fault and not a wish. `schemas/config.v1.json` is generated
 * from this; every error text here tells what is right and never what was found.
 */

function durationSchema(pattern: RegExp, form: string): z.ZodType<number, string> {
  const error = `expected ${form}`;
  const text = z.string({ error }).regex(pattern, { error });
  return text.transform((written) => parseDuration(written) ?? 0);
}

const anyDuration = durationSchema(durationPattern, 'a duration such as "500ms", "10s" or "2m"');
const positiveDuration = durationSchema(
  positiveDurationPattern,
  'a duration above 0, such as "10s", "30m", "12h" or "90d"',
);
const durationOrNever = z.union([positiveDuration, z.literal('never')]);
const name = z.string().regex(/^[^\s\p{Cc}]{1,255}$/u, { error: 'expected a name without spaces' });
const stageName = z.string().regex(stageNamePattern, { error: 'expected a stage name in kebab-case' });
const moduleName = z.string().regex(/^[^\s\p{Cc}][^\p{Cc}]{0,499}$/u, {
  error: 'expected a path such as "./my-stages.mjs", or a package',
});
// `manual` names what people entered themselves.
const strategyName = z.string().regex(/^(?!manual$)[a-z][a-z0-9-]{0,62}$/, {
  error: 'expected a name of a strategy in kebab-case, other than "manual"',
});
const promptsName = z.string().regex(/^[^\s\p{Cc}][^\p{Cc}]{0,499}$/u, {
  error: 'expected a version of the built-in prompts, or a directory such as "./prompts"',
});
const usd = z.number().min(0).max(1_000_000);

const stageSchema = z.strictObject({
  enabled: z.boolean().optional().describe('Whether the stage runs.'),
  minMessages: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('Fewest messages by user or bot that make the stage worth running; else its own number.'),
});
const stagesSchema = z.record(stageName, stageSchema);

const strategySchema = z.strictObject({
  weight: z
    .number()
    .min(0)
    .max(1_000_000)
    .describe('Its share of the users, among the weights of all strategies; 0: nobody’s.'),
  prompts: promptsName
    .optional()
    .describe(
      'A version of the built-in prompts, or a directory relative to this file with any of rules.md, facts.md, preferences.md and summary.md; else the newest built-in version.',
    ),
  model: name.optional().describe('Else the bot’s model.'),
  callShape: z
    .enum(callShapes, { error: 'expected "together" or "separate"' })
    .optional()
    .describe('One call for all stages (`together`, also without it), or one for each (`separate`).'),
  effort: z
    .enum(efforts, { error: 'expected "low", "medium" or "high"' })
    .optional()
    .describe(
      'How hard the model thinks; a model that does not know effort refuses it. Else the model’s own.',
    ),
});
const strategiesSchema = z.record(strategyName, strategySchema);

const priceSchema = z.strictObject({
  inputUsdPerMillion: usd.describe('Dollars for a million input tokens.'),
  cachedInputUsdPerMillion: usd
    .optional()
    .describe('Dollars for a million input tokens read from the cache; else as other input.'),
  cacheWriteUsdPerMillion: usd
    .optional()
    .describe('Dollars for a million input tokens written to the cache; else as other input.'),
  outputUsdPerMillion: usd.describe('Dollars for a million output tokens.'),
});

const budget = z.number().gt(0).max(1_000_000);

const botSchema = z.strictObject({
  gap: positiveDuration.optional().describe('Silence that ends a window of this bot.'),
  model: name.optional().describe('Model that extracts this bot’s windows.'),
  stages: stagesSchema.optional().describe('By stage name; what is left out holds as for all bots.'),
  strategies: strategiesSchema
    .optional()
    .describe('By name: this bot’s strategies, in place of those for all.'),
  budgetUsdPerDay: budget
    .optional()
    .describe('Most to spend on this bot in a day (UTC), within the budget for all.'),
  ignoreUsers: z.array(name).optional().describe('More users to store and never extract, as globs.'),
});

export const configFileSchema = z
  .strictObject({
    $schema: z.string().optional().describe('For editors; not read.'),
    session: z
      .strictObject({
        gap: positiveDuration.optional().describe('As SESSION_GAP.'),
        grace: anyDuration.optional().describe('As SESSION_GRACE.'),
        maxMessages: z.int().min(2).max(100_000).optional().describe('As SESSION_MAX_MESSAGES.'),
        maxDuration: positiveDuration.optional().describe('As SESSION_MAX_DURATION.'),
      })
      .optional()
      .describe('Where windows end and when they are extracted.'),
    ignoreUsers: z.array(name).optional().describe('As IGNORE_USERS: users to store and never extract.'),
    model: name.optional().describe('As AFTERWORD_MODEL.'),
    modelOutput: z.enum(modelOutputs).optional().describe('As MODEL_OUTPUT.'),
    transcriptTokens: z
      .int()
      .min(4_000)
      .max(2_000_000)
      .optional()
      .describe('As MODEL_TRANSCRIPT_TOKENS: the most that is read at once.'),
    budgetUsdPerDay: budget.optional().describe('As BUDGET_USD_PER_DAY.'),
    prices: z
      .record(name, priceSchema)
      .optional()
      .describe(
        'By model, or by what its name begins with up to a dash: over the built-in list prices of Anthropic.',
      ),
    stages: stagesSchema.optional().describe('By stage name, for all bots.'),
    strategies: strategiesSchema
      .optional()
      .describe('By name: ways to extract, each for its share of the users; else one, `default`.'),
    modules: z
      .array(moduleName)
      .optional()
      .describe(
        'Modules with stages and a decoder of your own: paths relative to this file, or packages; see docs/CUSTOM-STAGES.md.',
      ),
    memory: z
      .strictObject({
        privateChannelTypes: z
          .array(name)
          .optional()
          .describe(
            'With MEMORY_SCOPE=user: types of channels whose conversations only their own bot remembers; "unknown" stands for channels without a type. Else dm and private.',
          ),
        nearDuplicateScore: z
          .number()
          .gt(0)
          .max(1)
          .optional()
          .describe(
            'Cosine similarity from which two summaries of a person are linked as near-duplicates; else 0.8 for lexical vectors and 0.92 for those of an embeddings service.',
          ),
        lifetimes: z
          .partialRecord(z.enum(relations), durationOrNever)
          .optional()
          .describe(
            'By relation: the age past which a fact is stale, or "never"; profiles follow when next written.',
          ),
      })
      .optional()
      .describe('How long facts hold, and what counts as said twice.'),
    retention: z
      .strictObject({
        keptAnswers: durationOrNever
          .optional()
          .describe(
            'How long a model’s answer is kept, so that asking the same again costs nothing; longer while its window’s work is not done. Else 30d.',
          ),
        modelCalls: durationOrNever
          .optional()
          .describe(
            'How long the row of each call of a model is kept, which `costs` and `experiments` count. Else 400d.',
          ),
        embeddedLog: durationOrNever
          .optional()
          .describe(
            'How long records of the embedded log are kept; longer while a group has not read them. Else 7d.',
          ),
      })
      .optional()
      .describe('How long rows are kept that nothing depends on any more, or "never" removed.'),
    bots: z.record(name, botSchema).optional().describe('By bot id: what differs from the above.'),
  })
  .describe('Settings of Afterword that are structured or per bot. The environment wins over the file.');

export type ConfigFile = z.infer<typeof configFileSchema>;
export type StrategyInFile = z.infer<typeof strategySchema>;
export type StageSettingsInFile = z.infer<typeof stageSchema>;
