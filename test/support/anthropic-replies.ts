/** What a scripted provider does with one request. */
export type Reply =
  | { readonly kind: 'drafts'; readonly drafts: (question: Question) => unknown; readonly delayMs?: number }
  | { readonly kind: 'text'; readonly text: string; readonly stopReason?: string }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly type: string;
      readonly message?: string;
      readonly errorCode?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'raw'; readonly body: string; readonly contentType?: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'reset-mid-body' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'hang-mid-body' };

/** One numbered line as the model reads it. */
export interface SeenLine {
  readonly number: number;
  readonly role: string;
  readonly time: string;
  readonly text: string;
}

/** A request as a model sees it. */
export interface Question {
  readonly lines: readonly SeenLine[];
  /** The fields of the output schema. */
  readonly fields: readonly string[];
  /** Words of the last turn when it is a repair. */
  readonly repair: string | undefined;
}

export const answer = (drafts: (question: Question) => unknown, delayMs?: number): Reply => ({
  kind: 'drafts',
  drafts,
  ...(delayMs === undefined ? {} : { delayMs }),
});
export const honestly = (delayMs?: number): Reply => answer(honestDrafts, delayMs);
const text = (words: string, stopReason?: string): Reply => ({
  kind: 'text',
  text: words,
  ...(stopReason === undefined ? {} : { stopReason }),
});
export const malformedJson = (): Reply => text('{"facts": {"facts": [');
export const wrongShape = (): Reply =>
  answer(({ fields }) => Object.fromEntries(fields.map((field) => [field, 'none'])));
export const cutOff = (): Reply => text('{"facts": {"facts": [{"relation": "li', 'max_tokens');
export const contextExceeded = (): Reply => text('', 'model_context_window_exceeded');
export const refusal = (): Reply => text('', 'refusal');
export const emptyAnswer = (): Reply => text('');
export const error = (
  status: number,
  type = 'api_error',
  headers: Readonly<Record<string, string>> = {},
): Reply => ({
  kind: 'error',
  status,
  type,
  headers,
});
export const rateLimited = (retryAfterSeconds?: number): Reply =>
  error(
    429,
    'rate_limit_error',
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
  );
export const overloaded = (): Reply => error(529, 'overloaded_error');
export const badCredentials = (): Reply => error(401, 'authentication_error');
export const spendLimit = (): Reply => ({
  kind: 'error',
  status: 429,
  type: 'rate_limit_error',
  errorCode: 'enforced_spend_limit_reached',
});
/** A limit that the customer set answers as a bad request. */
export const ownSpendLimit = (): Reply => ({
  kind: 'error',
  status: 400,
  type: 'invalid_request_error',
  message: 'You have reached your specified API usage limits. You will regain access on 2026-12-01.',
});
export const resetConnection = (): Reply => ({ kind: 'reset' });
export const resetMidBody = (): Reply => ({ kind: 'reset-mid-body' });
export const hang = (): Reply => ({ kind: 'hang' });
export const hangMidBody = (): Reply => ({ kind: 'hang-mid-body' });

/** A modest model: one fact with a right quote, a summary that cites its lines, no preference. */
export function honestDrafts({ lines, fields }: Question): Record<string, unknown> {
  const said = lines.filter(
    ({ role, text: words }) => role === 'user' && !words.endsWith('?') && longestWord(words) !== '',
  );
  const drafts: Readonly<Record<string, unknown>> = {
    summary: summaryOf(said),
    facts: { facts: said.slice(0, 1).map(factOf) },
    preferences: { preferences: [] },
  };
  return Object.fromEntries(fields.map((field) => [field, drafts[field]]));
}

function factOf({ number, text: words }: SeenLine): Record<string, unknown> {
  return {
    relation: 'knows',
    predicate: null,
    entity_name: longestWord(words),
    entity_type: 'other',
    attributes: [],
    polarity: 'positive',
    modality: 'stated',
    confidence: 0.9,
    valid_from: null,
    valid_to: null,
    evidence: [{ line: number, quote: words.split('\n')[0] }],
  };
}

function summaryOf(said: readonly SeenLine[]): Record<string, unknown> {
  const longest = said.map(({ text: words }) => longestWord(words)).filter((word) => word !== '');
  // None that speaks to somebody: "your".
  const anyWords = said.flatMap(({ text: words }) => words.match(/(?!your)\b[\p{L}\p{N}]{4,}/giu) ?? []);
  const topics = [...new Set(longest)];
  const named = (
    topics.length < 2 ? [...new Set([...topics, ...anyWords, 'brief exchange', 'greetings'])] : topics
  ).slice(0, 5);
  return {
    summary_text: `The user talked with the bot about ${named.join(', ')}.`,
    key_topics: named,
    emotional_tone: 'neutral',
    certainty: 0.8,
    cited_lines: said.map(({ number }) => number).slice(0, 5),
  };
}

function longestWord(words: string): string {
  const found = words.match(/\p{L}{4,}/gu) ?? [];
  return found.reduce((longest, word) => (word.length > longest.length ? word : longest), '');
}
