import type { MemoryChangeEntry, MemoryChangeId } from './memory-change-event.ts';
import type { Evidence, FactsResult, PreferencesResult } from './results.ts';

/** A message that was deleted, as evidence names it. */
export interface DeletedMessage {
  readonly messageId: string;
  readonly channelId: string | null;
}

/**
 * What is left of a result when messages were deleted that its window held. Claims that
 * cite one of them go: what they say may be that message's own words. A result that does
 * not cite cannot be told apart from its text, and goes as a whole: null.
 */
export function resultWithout(stage: string, result: unknown, deleted: readonly DeletedMessage[]): unknown {
  switch (stage) {
    case 'facts': {
      const { facts } = result as FactsResult;
      return { facts: facts.filter((fact) => !citesAny(fact, deleted)) };
    }
    case 'preferences': {
      const { preferences } = result as PreferencesResult;
      return { preferences: preferences.filter((preference) => !citesAny(preference, deleted)) };
    }
    default:
      return null;
  }
}

/** The changes of memory that cite none of the messages that were deleted of each window. Ids alone say nothing. */
export function changesWithout(
  changes: readonly ToldChange[],
  deletedOf: ReadonlyMap<string, readonly DeletedMessage[]>,
): ToldChange[] {
  const isLeft = (change: ToldChange): boolean =>
    !('evidence' in change) ||
    change.evidence.every(
      (evidence) => !citesAny({ evidence: [evidence] }, deletedOf.get(evidence.window_id ?? '') ?? []),
    );
  return changes.filter(isLeft);
}

export type ToldChange = MemoryChangeEntry | MemoryChangeId;

/** What is gone from memory, without saying what it was. */
export type RetractedId = Pick<MemoryChangeId, 'kind' | 'id'>;

/** Each once. */
export function retractedIds(changes: readonly ToldChange[]): RetractedId[] {
  const retracted = changes.filter(({ change }) => change === 'retracted');
  return [...new Map(retracted.map(({ kind, id }) => [id, { kind, id }])).values()];
}

interface Citing {
  readonly evidence: readonly Pick<Evidence, 'message_id' | 'channel_id'>[];
}

/**
 * Evidence without a channel is of a window whose messages were all of one: the deleted one
 * was of that, or came later from another. The two cannot be told apart, so it counts.
 */
function citesAny({ evidence }: Citing, deleted: readonly DeletedMessage[]): boolean {
  return evidence.some(({ message_id: messageId, channel_id: channelId }) =>
    deleted.some(
      (message) =>
        message.messageId === messageId && (channelId === undefined || channelId === message.channelId),
    ),
  );
}
