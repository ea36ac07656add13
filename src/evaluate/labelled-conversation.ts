import type { z } from 'zod';
import { parseSentAt } from '../consume/sent-at.ts';
import type { Transcript } from '../extract/transcript.ts';
import {
  evaluationConversationSchema,
  type EvaluationConversation,
} from '../model/evaluation-conversation.ts';
import { messageIdentity } from '../model/identity.ts';
import { compareMessages, type StoredMessage } from '../model/message.ts';
import type { EmotionalTone, Modality, Polarity, PreferenceKey, Relation } from '../model/results.ts';
import { storableText } from '../model/storable-text.ts';

export interface ExpectedFact {
  readonly relations: readonly Relation[];
  readonly entity: readonly string[];
  readonly polarities: readonly Polarity[];
  readonly modalities: readonly Modality[];
  readonly evidence: readonly string[];
  readonly optional: boolean;
}

export interface ExpectedPreference {
  readonly key: PreferenceKey;
  readonly value: readonly string[];
  readonly evidence: readonly string[];
  readonly optional: boolean;
}

export type Half = 'tuned' | 'untouched';

/** A conversation ready for the stages, with its labels in one form. */
export interface LabelledConversation {
  readonly id: string;
  readonly half: Half | undefined;
  readonly tags: readonly string[];
  readonly transcript: Transcript;
  readonly exhaustive: boolean;
  readonly facts: readonly ExpectedFact[];
  readonly preferences: readonly ExpectedPreference[];
  readonly topics: readonly (readonly string[])[];
  readonly tone: readonly EmotionalTone[] | undefined;
}

/** Faults name fields, ids and codes, and never quote what was said. */
export type LabelledReading =
  | { readonly ok: true; readonly conversation: LabelledConversation }
  | { readonly ok: false; readonly faults: readonly string[] };

export function readLabelledConversation(value: unknown): LabelledReading {
  const parsed = evaluationConversationSchema.safeParse(value);
  if (!parsed.success) return { ok: false, faults: shapeFaults(parsed.error) };
  const faults = [...messageFaults(parsed.data), ...evidenceFaults(parsed.data)];
  return faults.length > 0 ? { ok: false, faults } : { ok: true, conversation: toConversation(parsed.data) };
}

function shapeFaults(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${pathName(path)}: ${message}`);
}

function pathName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the line' : path.map(String).join('.');
}

function messageFaults({ messages }: EvaluationConversation): string[] {
  const faults = messages.flatMap(({ sent_at: sentAt }, index) => {
    const time = parseSentAt(sentAt);
    return time.ok ? [] : [`messages.${index}.sent_at: ${time.fault}`];
  });
  const ids = new Set(messages.map(({ id }) => String(id)));
  if (ids.size < messages.length) faults.push('messages: two have one id');
  for (const field of ['bot_id', 'user_id'] as const) {
    const values = new Set(messages.map((message) => String(message[field])));
    if (values.size > 1) faults.push(`messages: more than one ${field}; a conversation has one`);
  }
  return faults;
}

function evidenceFaults({ messages, expected }: EvaluationConversation): string[] {
  const roles = new Map(messages.map(({ id, role }) => [String(id), role]));
  return (['facts', 'preferences'] as const).flatMap((kind) =>
    expected[kind].flatMap(({ evidence }, index) => {
      const at = `expected.${kind}.${index}.evidence`;
      const ids = evidence.map(String);
      const unknown = ids.filter((id) => !roles.has(id)).map((id) => `${at}: no message has the id ${id}`);
      return unknown.length > 0 || ids.some((id) => roles.get(id) === 'user')
        ? unknown
        : [`${at}: none of them is by the user`];
    }),
  );
}

function toConversation(parsed: EvaluationConversation): LabelledConversation {
  const { id, half, tags, expected } = parsed;
  return {
    id,
    half,
    tags,
    transcript: toTranscript(parsed),
    exhaustive: expected.exhaustive,
    facts: expected.facts.map(({ relation, entity, polarity, modality, evidence, optional }) => ({
      relations: listOf(relation),
      entity,
      polarities: listOf(polarity),
      modalities: listOf(modality),
      evidence: evidence.map(String),
      optional,
    })),
    preferences: expected.preferences.map((preference) => ({
      ...preference,
      evidence: preference.evidence.map(String),
    })),
    topics: expected.topics,
    tone: expected.tone,
  };
}

function listOf<Item extends string>(value: Item | readonly Item[]): readonly Item[] {
  return typeof value === 'string' ? [value] : value;
}

/** As extraction reads a closed window of these messages. */
function toTranscript({ messages }: EvaluationConversation): Transcript {
  const stored = messages.map(toStored).sort(compareMessages);
  const times = stored.map(({ sentAtMs }) => sentAtMs);
  return {
    botId: String(messages[0]?.bot_id),
    userId: String(messages[0]?.user_id),
    startedAtMs: Math.min(...times),
    endedAtMs: Math.max(...times),
    lines: stored.map((message, index) => ({ number: index + 1, message })),
  };
}

function toStored(message: EvaluationConversation['messages'][number]): StoredMessage {
  const { id, bot_id: botId, user_id: userId, channel_id: channel, channel_type: channelType } = message;
  const channelId = channel === undefined || channel === null ? null : String(channel);
  const time = parseSentAt(message.sent_at);
  return {
    identity: messageIdentity(String(botId), String(userId), channelId, String(id)),
    messageId: String(id),
    role: message.role === 'bot' ? 'assistant' : message.role,
    content: storableText(message.content),
    sentAtMs: time.ok ? time.atMs : 0,
    channelId,
    channelType: channelType ?? null,
    deleted: false,
  };
}
