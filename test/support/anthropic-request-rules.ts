import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** Why the real API would refuse a request, and with which status; undefined when it would not. */
export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

const cacheControl = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() });
const textBlock = z.strictObject({
  type: z.literal('text'),
  text: z.string().min(1),
  cache_control: cacheControl.optional(),
});
const content = z.union([z.string().min(1), z.array(textBlock).min(1)]);
const requestSchema = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.number().int().min(1),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant']), content })).min(1),
  output_config: z
    .strictObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullable().optional(),
      format: z
        .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) })
        .optional(),
    })
    .optional(),
  tools: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
        description: z.string().optional(),
        input_schema: z.looseObject({
          type: z.literal('object'),
          properties: z.record(z.string(), z.unknown()).optional(),
        }),
      }),
    )
    .min(1)
    .optional(),
  tool_choice: z.strictObject({ type: z.literal('tool'), name: z.string() }).optional(),
});
export type MessagesRequest = z.infer<typeof requestSchema>;

export function refuseHeaders(headers: IncomingHttpHeaders, apiKey: string): Refusal | undefined {
  // Either form, never both; the SDK sends the key as a bearer token.
  const given = [headers['x-api-key'], headers.authorization?.replace(/^Bearer /, '')].filter(
    (key) => key !== undefined,
  );
  if (given.length !== 1 || given[0] !== apiKey) {
    return { status: 401, type: 'authentication_error', message: 'invalid credentials' };
  }
  if (!['2023-06-01', '2026-10-21'].includes(String(headers['anthropic-version'])))
    return invalid('anthropic-version: header is required');
  return headers['content-type'] === 'application/json' ? undefined : invalid('content-type: must be JSON');
}

export function parseRequest(body: string): MessagesRequest | Refusal {
  // The API's reader takes no half of a surrogate pair.
  if (/\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}/i.test(body)) {
    return invalid('the request body is not valid JSON: lone surrogate');
  }
  const parsed = requestSchema.safeParse(parseJson(body));
  if (!parsed.success)
    return invalid(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    );
  return refuseRequest(parsed.data) ?? parsed.data;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refuseRequest(request: MessagesRequest): Refusal | undefined {
  const roles = request.messages.map(({ role }) => role);
  if (roles.some((role, index) => role !== (index % 2 === 0 ? 'user' : 'assistant'))) {
    return invalid('messages: roles must alternate, beginning with user');
  }
  const { tools, tool_choice: choice } = request;
  if (choice !== undefined && tools?.some(({ name }) => name === choice.name) !== true)
    return invalid('tool_choice: names no tool');
  const schema = request.output_config?.format?.schema;
  if (schema !== undefined && roles.at(-1) === 'assistant')
    return invalid('prefill is not supported with output_config.format');
  if (
    request.messages.some(
      (message) =>
        message.role === 'assistant' && textOf(message.content) !== textOf(message.content).trimEnd(),
    )
  ) {
    return invalid('messages: assistant content cannot end with trailing whitespace');
  }
  if (cacheBreakpoints(request) > 4)
    return invalid('a maximum of 4 blocks with cache_control may be provided');
  const fault = schema === undefined ? undefined : schemaFault(schema);
  return fault === undefined ? undefined : invalid(`output_config.format.schema: ${fault}`);
}

/** The form in which the answer is asked for, whichever way. */
export function askedSchema({ output_config, tools, tool_choice }: MessagesRequest): Record<string, unknown> {
  const forced = tools?.find(({ name }) => name === tool_choice?.name);
  return forced?.input_schema ?? output_config?.format?.schema ?? {};
}

function cacheBreakpoints({ system, messages }: MessagesRequest): number {
  const blocks = [system, ...messages.map((message) => message.content)].flatMap((part) =>
    Array.isArray(part) ? part : [],
  );
  return blocks.filter((block) => block.cache_control !== undefined).length;
}

export function textOf(part: string | readonly { readonly text: string }[]): string {
  return typeof part === 'string' ? part : part.map(({ text }) => text).join('\n');
}

const allowedKeywords = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'allOf',
  '$ref',
  '$defs',
  'description',
  'title',
  'format',
  'minItems',
]);

/** The subset of JSON Schema that structured outputs accept. */
function schemaFault(root: Record<string, unknown>): string | undefined {
  if (root['type'] !== 'object') return 'the root must be an object';
  const defs = isObject(root['$defs']) ? root['$defs'] : {};
  const visit = (node: unknown, open: readonly string[]): string | undefined => {
    if (!isObject(node)) return 'a schema must be an object';
    const unknown = Object.keys(node).find((keyword) => !allowedKeywords.has(keyword));
    if (unknown !== undefined) return `keyword ${unknown} is not supported`;
    const ref = node['$ref'];
    if (typeof ref === 'string') return visitRef(ref, open);
    if (node['type'] === 'object' && node['additionalProperties'] !== false)
      return 'additionalProperties must be false';
    return firstFault(childrenOf(node), (child) => visit(child, open));
  };
  const visitRef = (ref: string, open: readonly string[]): string | undefined => {
    if (open.includes(ref)) return 'recursive schemas are not supported';
    const target = defs[ref.replace('#/$defs/', '')];
    return target === undefined ? `${ref} does not resolve` : visit(target, [...open, ref]);
  };
  return visit(root, []);
}

function childrenOf(node: Record<string, unknown>): unknown[] {
  const lists = [node['anyOf'], node['allOf']].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  const properties = isObject(node['properties']) ? Object.values(node['properties']) : [];
  return [...lists, ...properties, ...(node['items'] === undefined ? [] : [node['items']])];
}

function firstFault<T>(items: readonly T[], faultOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const fault = faultOf(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): Refusal {
  return { status: 400, type: 'invalid_request_error', message };
}
