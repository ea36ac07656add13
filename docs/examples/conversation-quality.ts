import { AfterwordError, citationsSchema, defineStage, verifyCitations, z } from 'afterword';

/**
 * How well a conversation went for the user, judged by what they said. A model is needed:
 * without one the stage is skipped. Plain JavaScript: saved as conversation-quality.mjs it
 * runs without TypeScript.
 */
const conversationQuality = defineStage({
  name: 'conversation-quality',
  version: '1',
  minMessages: 4,
  schema: z.strictObject({
    scores: z.array(
      z.strictObject({
        aspect: z.enum(['helpfulness', 'understanding', 'tone']),
        score: z.number().int(),
        reason: z.string(),
        evidence: citationsSchema,
      }),
    ),
  }),
  prompt: `# conversation-quality
How well the bot served the user, by what the user's own words show. Not how you would have answered.
aspect: helpfulness (did the user get what they came for), understanding (was the user understood at once), tone (was the bot's manner welcome).
score: 1 (badly) to 5 (very well); 3 is ordinary.
reason: one short sentence in the third person, without quoting.
evidence: the user's line that shows it, and the bot's line that it answers.
At most one score for each aspect. An aspect that the user's words do not show is left out.`,
  check: (draft, transcript) => {
    // Bounds that a model's output schema cannot hold are checked here; the message goes back to the model.
    if (draft.scores.some(({ score }) => score < 1 || score > 5)) {
      throw new AfterwordError('MODEL_OUTPUT_INVALID', 'a score is a whole number from 1 to 5');
    }
    const verdicts = draft.scores.map(({ evidence, ...score }) => ({
      score,
      verified: verifyCitations(evidence, transcript),
    }));
    const scores = verdicts.flatMap(({ score, verified }) =>
      verified.held ? [{ ...score, evidence: verified.evidence }] : [],
    );
    const total = scores.reduce((sum, { score }) => sum + score, 0);
    // No score is a result too: the user's words showed nothing.
    const average = scores.length === 0 ? null : Math.round((total / scores.length) * 10) / 10;
    return { result: { average, scores }, rejected: { 'without-evidence': verdicts.length - scores.length } };
  },
});

export const stages = [conversationQuality];
