import type { Evaluation } from '../evaluate/evaluation.ts';
import type { ConversationScore } from '../evaluate/score-conversation.ts';
import { f1Of, precisionOf, recallOf, shareOf, type Tally } from '../evaluate/tally.ts';

type Json = Readonly<Record<string, unknown>>;

/** A line of `evaluate --json` for each conversation: what was expected and found, for programs. */
export function conversationDocument(score: ConversationScore): Json {
  const { conversation, facts, preferences, topics, tone, quotes, outcomes } = score;
  return {
    kind: 'conversation',
    id: conversation.id,
    half: conversation.half ?? null,
    tags: conversation.tags,
    exhaustive: conversation.exhaustive,
    facts: facts ?? null,
    preferences: preferences ?? null,
    topics: topics ?? null,
    tone: tone ?? null,
    quotes,
    stages: outcomes.map((outcome) => ({
      stage: outcome.stage,
      status: outcome.status,
      ...(outcome.status === 'skipped' && { reason: outcome.reason }),
      ...(outcome.status === 'failed' && { error_code: outcome.errorCode }),
      ...(outcome.status === 'done' && { rejected: outcome.rejected }),
      ...(outcome.status !== 'skipped' && { usage: outcome.usage }),
    })),
  };
}

/** The last line: everything added up. Shares are null where there was nothing to count. */
export function evaluationDocument(evaluation: Evaluation): Json {
  const { facts, preferences, topics, tone, quotes } = evaluation;
  return {
    kind: 'total',
    conversations: evaluation.conversations,
    exhaustive: evaluation.exhaustive,
    facts: facts ? { ...toShares(facts.total), by_relation: mapValues(facts.byFamily, toShares) } : null,
    preferences: preferences
      ? { ...toShares(preferences.total), by_key: mapValues(preferences.byKey, toShares) }
      : null,
    topics: topics ? { ...topics, share: shareOf(topics.hit, topics.expected) } : null,
    tone: tone
      ? {
          labelled: tone.labelled,
          right: tone.right,
          share: shareOf(tone.right, tone.labelled),
          confusion: mapValues(tone.confusion, Object.fromEntries),
        }
      : null,
    grounding: { ...quotes, share: shareOf(quotes.verbatim, quotes.quotes) },
    rejected: Object.fromEntries(evaluation.rejected),
    stages: Object.fromEntries(evaluation.ends),
    usage: evaluation.usage,
  };
}

function toShares(tally: Tally): Json {
  return { ...tally, recall: recallOf(tally), precision: precisionOf(tally), f1: f1Of(tally) };
}

function mapValues<Value>(map: ReadonlyMap<string, Value>, change: (value: Value) => unknown): Json {
  return Object.fromEntries([...map].map(([name, value]) => [name, change(value)]));
}
