import { citationsSchema, defineStage, z } from 'afterword';

const schema = z.strictObject({
  questions: z.array(
    z.strictObject({
      question: z.string(),
      topic: z.string(),
      why_open: z.enum(['unanswered', 'answered-in-part', 'promised-for-later']),
      evidence: citationsSchema,
    }),
  ),
});

/**
 * Questions of the user that the bot left open, so that it can come back to them.
 * Plain JavaScript: saved as open-questions.mjs it runs without TypeScript.
 */
const openQuestions = defineStage({
  name: 'open-questions',
  version: '1',
  // A question, and at least one line more in which it could have been answered.
  minMessages: 2,
  schema,
  prompt: `# open-questions
Questions or requests by the user that the bot did not settle in this conversation, so that it can follow up.
question: what the user wants to know or have, as one short sentence in the third person ("Whether the clinic opens on Sundays").
topic: 1 to 4 words.
why_open: unanswered when the bot did not go into it; answered-in-part when something of it is missing; promised-for-later when the bot or the user put it off.
evidence: the user's line that asks; and the bot's line that puts it off, where there is one.
Not what was answered later on, small talk ("How are you?") or a question that the user took back. Nothing left open is an empty list.`,
  // No `check`: each `evidence` is verified against the conversation, and what does not hold is left out.
  offline: (transcript) => {
    const said = transcript.lines.filter(({ message }) => !message.deleted && message.content.trim() !== '');
    const last = said.at(-1);
    // Without a model only one thing is certain: nobody has answered what was asked last.
    const isOpen = last?.message.role === 'user' && /[?？؟]\s*$/u.test(last.message.content);
    if (last === undefined || !isOpen) return { questions: [] };
    const question =
      last.message.content
        .trim()
        .split(/(?<=[.!?？؟])\s+/u)
        .at(-1) ?? '';
    const evidence = [{ line: last.number, quote: question }];
    return schema.parse({
      questions: [{ question, topic: 'last question', why_open: 'unanswered', evidence }],
    });
  },
});

export const stages = [openQuestions];
