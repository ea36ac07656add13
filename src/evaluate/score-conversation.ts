import type { StageOutcome } from '../extract/stage.ts';
import type { Transcript } from '../extract/transcript.ts';
import {
  factsResultSchema,
  preferencesResultSchema,
  summaryResultSchema,
  type EmotionalTone,
  type Evidence,
  type FactResult,
  type PreferenceResult,
  type SummaryResult,
} from '../model/results.ts';
import type { ExpectedFact, ExpectedPreference, LabelledConversation } from './labelled-conversation.ts';
import { matchFacts, matchPreferences, type Matching } from './match-labels.ts';
import { saysOneOf } from './wordings.ts';

/** What came of one conversation beside its labels. Undefined: that stage was not run. */
export interface ConversationScore {
  readonly conversation: LabelledConversation;
  readonly outcomes: readonly StageOutcome[];
  readonly facts: Matching<ExpectedFact, FactResult> | undefined;
  readonly preferences: Matching<ExpectedPreference, PreferenceResult> | undefined;
  /** Undefined also where there is no summary; a conversation may be too short for one. */
  readonly topics: TopicScore | undefined;
  readonly tone: ToneScore | undefined;
  readonly quotes: QuoteScore;
}

export interface TopicScore {
  readonly hits: number;
  readonly misses: readonly (readonly string[])[];
  readonly found: readonly string[];
}

export interface ToneScore {
  readonly allowed: readonly EmotionalTone[];
  readonly found: EmotionalTone;
}

export interface QuoteScore {
  readonly quotes: number;
  /** Those that stand letter by letter in the message that they cite. */
  readonly verbatim: number;
}

/**
 * A stage that was skipped or failed has found nothing: its facts and preferences are
 * missed, for so the product would leave them. Pure.
 */
export function scoreConversation(
  conversation: LabelledConversation,
  outcomes: readonly StageOutcome[],
): ConversationScore {
  const facts = outcomeOf(outcomes, 'facts');
  const preferences = outcomeOf(outcomes, 'preferences');
  const foundFacts = facts?.status === 'done' ? factsResultSchema.parse(facts.result).facts : [];
  const foundPreferences =
    preferences?.status === 'done' ? preferencesResultSchema.parse(preferences.result).preferences : [];
  const summary = summaryOf(outcomes);
  return {
    conversation,
    outcomes,
    facts: facts && matchFacts(conversation.facts, foundFacts),
    preferences: preferences && matchPreferences(conversation.preferences, foundPreferences),
    topics: summary && scoreTopics(conversation.topics, summary.key_topics),
    tone: summary && scoreTone(conversation.tone, summary),
    quotes: checkQuotes(
      [...foundFacts, ...foundPreferences].flatMap(({ evidence }) => evidence),
      conversation.transcript,
    ),
  };
}

function outcomeOf(outcomes: readonly StageOutcome[], stage: string): StageOutcome | undefined {
  return outcomes.find((outcome) => outcome.stage === stage);
}

function summaryOf(outcomes: readonly StageOutcome[]): SummaryResult | undefined {
  const summary = outcomeOf(outcomes, 'summary');
  return summary?.status === 'done' ? summaryResultSchema.parse(summary.result) : undefined;
}

function scoreTopics(expected: readonly (readonly string[])[], found: readonly string[]): TopicScore {
  const isNamed = (wordings: readonly string[]): boolean =>
    found.some((topic) => saysOneOf(topic, 'other', wordings));
  const misses = expected.filter((wordings) => !isNamed(wordings));
  return { hits: expected.length - misses.length, misses, found };
}

function scoreTone(
  allowed: readonly EmotionalTone[] | undefined,
  summary: SummaryResult,
): ToneScore | undefined {
  return allowed && { allowed, found: summary.emotional_tone };
}

/** Against the messages themselves, not by the product's own check: that one is on trial here. */
function checkQuotes(evidence: readonly Evidence[], { lines }: Transcript): QuoteScore {
  const texts = new Map(lines.map(({ message }) => [message.messageId, message.content]));
  const verbatim = evidence.filter(
    ({ message_id: id, quote }) => quote !== '' && texts.get(id)?.includes(quote) === true,
  );
  return { quotes: evidence.length, verbatim: verbatim.length };
}
