import type { MemoryChangeEntry, MemoryChangeId } from './memory-change-event.ts';
import type { FactsResult, PreferencesResult } from './results.ts';

/**
 * What is left of a result when messages were deleted that its window held. Claims that
 * cite one of them go: what they say may be that message's own words. A result that does
 * not cite cannot be told apart from its text, and goes as a whole: null.
 */
export function resultWithout(stage: string, result: unknown, messageIds: ReadonlySet<string>): unknown {
  switch (stage) {
    case 'facts': {
      const { facts } = result as FactsResult;
      return { facts: facts.filter((fact) => !citesAny(fact, messageIds)) };
    }
    case 'preferences': {
      const { preferences } = result as PreferencesResult;
      return { preferences: preferences.filter((preference) => !citesAny(preference, messageIds)) };
    }
    default:
      return null;
  }
}

/** The changes of memory that cite none of the messages. Those that are ids only say nothing. */
export function changesWithout(
  changes: readonly ToldChange[],
  messageIds: ReadonlySet<string>,
): ToldChange[] {
  return changes.filter((change) => !('evidence' in change && citesAny(change, messageIds)));
}

export type ToldChange = MemoryChangeEntry | MemoryChangeId;

interface Citing {
  readonly evidence: readonly { readonly message_id: string }[];
}

function citesAny({ evidence }: Citing, messageIds: ReadonlySet<string>): boolean {
  return evidence.some(({ message_id: id }) => messageIds.has(id));
}
