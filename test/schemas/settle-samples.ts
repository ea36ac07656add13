import type { ClaimedWindow } from '../../src/extract/extraction-store.ts';
import { observationsOf } from '../../src/extract/observe.ts';
import {
  memoryChangedEvent,
  stageCompletedEvents,
  windowEnrichedEvent,
  windowSupersededEvent,
} from '../../src/extract/result-events.ts';
import { languageOf } from '../../src/extract/window-language.ts';
import { runOffline } from '../../src/extract/run-offline.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import { diffMemory } from '../../src/memory/diff-memory.ts';
import { foldFactGroups } from '../../src/memory/fold-facts.ts';
import { foldPreferenceGroups } from '../../src/memory/fold-preferences.ts';
import { windowEventFields } from '../../src/model/event-data.ts';
import type { MemoryState } from '../../src/model/memory.ts';
import { compareMessages, type Role, type StoredMessage } from '../../src/model/message.ts';
import type { FactObservation, PreferenceObservation } from '../../src/model/observation.ts';
import { eventId } from '../../src/publish/cloud-event.ts';
import {
  plainWindows,
  sampleEvents,
  sampleMessages,
  sentAtMs,
  type SampleEvent,
} from '../samples/sample-events.ts';

/** An event as the extract loop hands it over, with what its transaction adds. */
export interface WrittenEvent {
  readonly type: ReturnType<typeof windowEnrichedEvent>['type'];
  readonly data: Readonly<Record<string, unknown>>;
}

const gapMs = 30 * 60_000;

/**
 * Settles every sample conversation with the offline analyser, in the order in which they
 * were lived, and returns the events as they would leave, with the final memory of each
 * (bot, user).
 */
export function settleSamples(): {
  readonly events: readonly WrittenEvent[];
  readonly memories: ReadonlyMap<string, MemoryState>;
} {
  const events: WrittenEvent[] = [];
  const people = new Map<string, Person>();
  for (const [index, window] of plainWindows(sampleMessages, gapMs).entries()) {
    const members = window.map(toStored).sort(compareMessages);
    const claim = claimOf(window, members, index);
    const key = `${claim.botId} ${claim.userId}`;
    const person = people.get(key) ?? { facts: [], preferences: [], memory: { facts: [], preferences: [] } };
    people.set(key, person);
    const drafts = settle(claim, members, person);
    const address = { bot_id: claim.botId, user_id: claim.userId };
    events.push(
      ...drafts.map(({ type, data }) => ({
        type,
        data: { ...address, sequence: events.length + 1, ...data },
      })),
    );
  }
  return { events, memories: new Map([...people].map(([key, { memory }]) => [key, memory])) };
}

interface Person {
  readonly facts: FactObservation[];
  readonly preferences: PreferenceObservation[];
  memory: MemoryState;
}

function settle(
  claim: ClaimedWindow,
  members: readonly StoredMessage[],
  person: Person,
): readonly WrittenEvent[] {
  const lines = members.map((message, index) => ({ number: index + 1, message }));
  const outcomes = runOffline(builtInStages, { ...claim, lines });
  const observed = observationsOf(claim, outcomes, members, 'default');
  person.facts.push(...observed.facts);
  person.preferences.push(...observed.preferences);
  const after = {
    facts: foldFactGroups(person.facts),
    preferences: foldPreferenceGroups(person.preferences),
  };
  const changes = diffMemory(person.memory, after);
  person.memory = after;
  return [
    { type: 'afterword.window.closed.v1', data: windowEventFields(claim) },
    ...stageCompletedEvents(claim, outcomes, 'default'),
    ...memoryChangedEvent(claim, changes),
    windowEnrichedEvent(claim, outcomes, languageOf({ ...claim, lines })),
    windowSupersededEvent({ ...claim, supersededBy: [claim.windowId] }),
  ];
}

function claimOf(
  window: readonly SampleEvent[],
  members: readonly StoredMessage[],
  index: number,
): ClaimedWindow {
  const [first] = window;
  const last = members.at(-1);
  if (first === undefined || last === undefined) throw new Error('an empty window');
  return {
    windowId: eventId('afterword.window.closed.v1', { botId: first.bot_id, userId: first.user_id }, index),
    runId: 1,
    keyId: '1',
    botId: first.bot_id,
    userId: first.user_id,
    channelId: first.channel_id,
    channelType: first.channel_type,
    startedAtMs: members[0]?.sentAtMs ?? last.sentAtMs,
    endedAtMs: last.sentAtMs,
    messageCount: members.length,
    closeReason: 'stream-time',
    revision: 1,
    windowStatus: 'closed',
    supersededBy: [],
    storedRevision: 1,
    leaseEpoch: 1,
    attempts: 1,
    timeouts: 0,
    userIsBot: false,
  };
}

/** With the newest text, as edits and deletes leave it. */
function toStored(message: SampleEvent): StoredMessage {
  const change = sampleEvents.find(
    ({ type, id, channel_id }) =>
      type.startsWith('message.') && id === message.id && channel_id === message.channel_id,
  );
  const deleted = change?.type === 'message.deleted';
  const id = message.id ?? '';
  return {
    identity: `${message.channel_id}/${id}`,
    messageId: id,
    role: (message.role === 'bot' ? 'assistant' : message.role) as Role,
    content: deleted ? '' : (change?.content ?? message.content ?? ''),
    sentAtMs: sentAtMs(message),
    channelId: message.channel_id,
    channelType: message.channel_type,
    deleted,
  };
}
