import type { PersonRecord } from '../adapters/postgres/read-person.ts';
import type { Remembered } from '../model/memory.ts';
import { profileSections, type ProfileDocument } from '../model/profile.ts';

/**
 * The profile document, with the evidence of each statement, the text that bots put into prompts,
 * what stages of modules found, and where the windows stand.
 */
export function personDocument(
  profile: ProfileDocument,
  person: PersonRecord,
): Readonly<Record<string, unknown>> {
  const facts = new Map(person.facts.map((fact) => [fact.factId, fact]));
  const preferences = new Map(person.preferences.map((preference) => [preference.preferenceId, preference]));
  return {
    ...profile,
    facts: Object.fromEntries(
      profileSections.map((section) => [
        section,
        profile.facts[section].map((fact) => ({ ...fact, ...provenance(facts.get(fact.fact_id), person) })),
      ]),
    ),
    preferences: profile.preferences.map((preference) => {
      const remembered = preferences.get(preference.preference_id);
      return { ...preference, reasoning: remembered?.reasoning ?? '', ...provenance(remembered, person) };
    }),
    summaries: profile.summaries.map((summary) => ({
      ...summary,
      near_duplicates: (person.nearDuplicates.get(summary.window_id) ?? []).map(
        ({ windowId, startedAtMs, similarity }) => ({
          window_id: windowId,
          started_at: new Date(startedAtMs).toISOString(),
          similarity: Math.round(similarity * 10_000) / 10_000,
        }),
      ),
    })),
    prompt_text: person.promptText,
    stages: stagesDocument(person),
    windows: Object.fromEntries(person.windows),
    languages: Object.fromEntries(person.languages),
  };
}

/** What stages of modules found, by stage, the newest first. */
function stagesDocument({ ownResults }: PersonRecord): Readonly<Record<string, readonly object[]>> {
  const names = [...new Set(ownResults.map(({ stage }) => stage))];
  return Object.fromEntries(
    names.map((name) => [
      name,
      ownResults
        .filter(({ stage }) => stage === name)
        .map(({ stageVersion, windowId, startedAtMs, endedAtMs, result }) => ({
          window_id: windowId,
          started_at: new Date(startedAtMs).toISOString(),
          ended_at: new Date(endedAtMs).toISOString(),
          stage_version: stageVersion,
          result,
        })),
    ]),
  );
}

function provenance(
  remembered: Remembered | undefined,
  { speakers }: PersonRecord,
): Readonly<Record<string, unknown>> {
  return {
    method: remembered?.method ?? null,
    window_count: remembered?.windowCount ?? 0,
    evidence: (remembered?.evidence ?? []).map(({ messageId, quote, windowId, occurredAtMs }) => ({
      message_id: messageId,
      role: speakers.get(messageId) ?? null,
      quote,
      window_id: windowId,
      occurred_at: new Date(occurredAtMs).toISOString(),
    })),
  };
}
