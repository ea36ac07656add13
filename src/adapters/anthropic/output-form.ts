import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import type { z } from 'zod';
import type { Effort } from '../../model/strategy-choices.ts';
import { outputFormat } from './output-schema.ts';

/**
 * How the form of an answer is asked for: as structured output by JSON schema, or as the input
 * of a tool that the model has to call, for compatible servers that lack the former.
 */
export type OutputForm = 'schema' | 'tool';

/** The one tool there is. */
export const answerTool = 'answer';

type AskedForm = Pick<MessageCreateParamsNonStreaming, 'output_config' | 'tools' | 'tool_choice'>;

/** @param effort asked for by a strategy: sent with either form, since somebody set it for this server */
export function askedForm(form: OutputForm, answerSchema: z.ZodType, effort?: Effort): AskedForm {
  const format = outputFormat(answerSchema);
  const hardness = effort === undefined ? {} : { effort };
  if (form === 'schema') return { output_config: { format, ...hardness } };
  return {
    ...(effort === undefined ? {} : { output_config: hardness }),
    tools: [
      {
        name: answerTool,
        description: 'Takes the whole answer, in the form of its schema.',
        input_schema: { ...format.schema, type: 'object' },
      },
    ],
    tool_choice: { type: 'tool', name: answerTool },
  };
}
