import Anthropic from '@anthropic-ai/sdk';
import type {
  MessageCreateParamsNonStreaming,
  MessageParam,
  TextBlockParam,
} from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';
import { AfterwordError, isAfterwordError } from '../../errors.ts';
import type { ModelAnswer, ModelClient, ModelRequest } from '../../extract/model-client.ts';
import { askedForm, type OutputForm } from './output-form.ts';
import { readMessage } from './read-message.ts';
import { timeoutError, translateError } from './translate-error.ts';

const defaultBaseURL = 'https://api.anthropic.com';

export interface AnthropicModelClientOptions {
  readonly apiKey: string;
  readonly baseURL?: string | undefined;
  /** Structured output by JSON schema unless told. */
  readonly output?: OutputForm | undefined;
  /** From sending the request to the last byte of the answer. */
  readonly timeoutMs: number;
}

/** Claude over the Messages API: structured output, the system prompt cached, one request a call. */
export function createAnthropicModelClient(options: AnthropicModelClientOptions): ModelClient {
  const { timeoutMs, output = 'schema' } = options;
  const sdk = createSdk(options);
  const send = (params: MessageCreateParamsNonStreaming, signal: AbortSignal): Promise<Anthropic.Message> =>
    withTimeout(timeoutMs, signal, output, (either) => sdk.messages.create(params, { signal: either }));

  return {
    async ask<Answer>(request: ModelRequest<Answer>, signal: AbortSignal): Promise<ModelAnswer> {
      return readMessage(await send(toParams(request, output), signal));
    },
    async verifyCredentials(model: string, signal: AbortSignal): Promise<string> {
      const answered = await send({ ...probe(model), ...askedForm(output, probeSchema) }, signal);
      return nameOfProbed(model, () => readMessage(answered), output);
    },
  };
}

function createSdk({ apiKey, baseURL, timeoutMs }: AnthropicModelClientOptions): Anthropic {
  return new Anthropic({
    apiKey,
    // Said outright, for what is left out the SDK reads from the environment.
    baseURL: baseURL ?? defaultBaseURL,
    // Retries are counted, paced and bounded by the caller.
    maxRetries: 0,
    timeout: timeoutMs,
    // Its debug log and its traces can hold whole conversations.
    logLevel: 'off',
    openTelemetry: false,
  });
}

const probeSchema = z.strictObject({ ok: z.boolean() });

function probe(model: string): MessageCreateParamsNonStreaming {
  return { model, max_tokens: 64, messages: [{ role: 'user', content: 'Answer that it is ok.' }] };
}

/** The name of who answered; whether it did so in the form asked for is what only an answer tells. */
function nameOfProbed(model: string, read: () => ModelAnswer, output: OutputForm): string {
  let answer: ModelAnswer;
  try {
    answer = read();
  } catch (error) {
    // It is there and lets us in, whatever it made of so small a question.
    if (isAfterwordError(error) && ['MODEL_CUT_OFF', 'MODEL_REFUSED'].includes(error.code)) return model;
    throw error;
  }
  if (isJsonObject(answer.text)) return answer.model;
  throw new AfterwordError('MODEL_OUTPUT_INVALID', 'the server does not keep to the form that is asked for', {
    hint: `Set MODEL_OUTPUT=${output === 'schema' ? 'tool' : 'schema'}.`,
  });
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function toParams<Answer>(
  request: ModelRequest<Answer>,
  output: OutputForm,
): MessageCreateParamsNonStreaming {
  return {
    model: request.model,
    max_tokens: request.maxOutputTokens,
    system: [cached(request.system)],
    messages: toMessages(request),
    ...askedForm(output, request.answerSchema, request.effort),
  };
}

function toMessages<Answer>({ user, reuseUser, repair }: ModelRequest<Answer>): MessageParam[] {
  const question: MessageParam = {
    role: 'user',
    content: [reuseUser === true ? cached(user) : textBlock(user)],
  };
  if (repair === undefined) return [question];
  return [
    question,
    // The API refuses a turn of the assistant that ends in white space.
    { role: 'assistant', content: [textBlock(repair.answer.trimEnd())] },
    { role: 'user', content: [textBlock(repair.problem)] },
  ];
}

function textBlock(text: string): TextBlockParam {
  return { type: 'text', text };
}

function cached(text: string): TextBlockParam {
  return { type: 'text', text, cache_control: { type: 'ephemeral' } };
}

/**
 * The SDK's own timer stops when the response's head arrives; a body that hangs would
 * wait for ever. Not AbortSignal.any: under a signal that lives as long as the process
 * each call would leave something behind.
 */
async function withTimeout<T>(
  ms: number,
  signal: AbortSignal,
  output: OutputForm,
  call: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const either = new AbortController();
  const abort = (): void => {
    either.abort();
  };
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    abort();
  }, ms);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await call(either.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw late.signal.aborted ? timeoutError(error) : translateError(error, output);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
