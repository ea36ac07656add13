import type { Message } from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';
import { AfterwordError, type ErrorCode } from '../../errors.ts';
import type { ModelAnswer } from '../../extract/model-client.ts';
import type { Usage } from '../../model/results.ts';
import { answerTool } from './output-form.ts';

const tokens = z.number().int().min(0);

/** The part of a response that we rely on: what answers under the API's address need not be the API. */
const messageSchema = z.object({
  type: z.literal('message'),
  model: z.string().min(1),
  content: z.array(
    z.object({
      type: z.string(),
      text: z.string().optional(),
      name: z.string().optional(),
      input: z.unknown().optional(),
    }),
  ),
  stop_reason: z.string(),
  usage: z.object({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_creation_input_tokens: tokens.nullish(),
    cache_read_input_tokens: tokens.nullish(),
  }),
});
type KnownMessage = z.infer<typeof messageSchema>;

/**
 * The structured answer's text: what the answer's tool was called with, else what was written,
 * for a server may keep to the form without calling. MODEL_REFUSED, MODEL_CUT_OFF and MODEL_OUTPUT_INVALID
 * (no text) carry in their details the tokens that were paid all the same.
 */
export function readMessage(response: Message): ModelAnswer {
  const message = parseMessage(response);
  const usage = usageOf(message);
  const text = toolInput(message) ?? writtenText(message);
  const failure = failureOf(message.stop_reason, text);
  if (failure === undefined) return { model: message.model, text, usage };
  const [code, reason] = failure;
  throw new AfterwordError(code, reason, {
    details: { ...countsOf(usage), stopReason: message.stop_reason.slice(0, 40) },
  });
}

function toolInput({ content }: KnownMessage): string | undefined {
  const call = content.find(({ type, name }) => type === 'tool_use' && name === answerTool);
  if (call?.input === undefined) return undefined;
  // Some servers pass on the text that the model wrote.
  return typeof call.input === 'string' ? call.input : JSON.stringify(call.input);
}

function writtenText({ content }: KnownMessage): string {
  return content.map(({ type, text }) => (type === 'text' ? (text ?? '') : '')).join('');
}

function countsOf(usage: Usage): Record<string, number> {
  const counts = Object.entries(usage).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return Object.fromEntries(counts);
}

function parseMessage(response: unknown): KnownMessage {
  const parsed = messageSchema.safeParse(response);
  if (parsed.success) return parsed.data;
  throw new AfterwordError('MODEL_UNREACHABLE', 'what answered does not speak the Messages API', {
    retryable: true,
    hint: 'Check ANTHROPIC_BASE_URL.',
  });
}

function failureOf(stopReason: string, text: string): readonly [ErrorCode, string] | undefined {
  if (stopReason === 'refusal') return ['MODEL_REFUSED', 'the model refused to answer'];
  if (stopReason === 'max_tokens')
    return ['MODEL_CUT_OFF', 'the answer was longer than allowed and is cut off'];
  if (stopReason === 'model_context_window_exceeded') {
    return ['MODEL_CUT_OFF', "the window and its answer exceed the model's context"];
  }
  return text.trim() === '' ? ['MODEL_OUTPUT_INVALID', 'the model answered nothing'] : undefined;
}

/** What was written to the cache or read from it was input too, each at a price of its own. */
function usageOf({ usage }: KnownMessage): Usage {
  const cached = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  return {
    input_tokens: usage.input_tokens + written + cached,
    cached_input_tokens: cached,
    ...(written === 0 ? {} : { cache_write_input_tokens: written }),
    output_tokens: usage.output_tokens,
    calls: 1,
  };
}
