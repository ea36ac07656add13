import { z } from 'zod';
import { roles } from './message.ts';

/**
 * What bots publish on the messages topic (contract 3.1, version 1). Readers are lenient:
 * unknown fields are kept and null counts as absent. The published JSON Schema is made
 * from this; the messages are fault codes and never quote a value.
 */

export const maxIdCharacters = 255;

/** A character is a code point here, as in JSON Schema and in Postgres. */
function hasIdLength(id: string): boolean {
  if (id.length <= maxIdCharacters) return id.length > 0;
  return id.length <= 2 * maxIdCharacters && Array.from(id).length <= maxIdCharacters;
}

const forbiddenInIds = /[\0\p{Surrogate}]/u;

function fault(missing: string, wrong: string) {
  return ({ input }: { input?: unknown }): string =>
    input === undefined || input === null ? missing : wrong;
}

const textId = z
  .string()
  .refine(hasIdLength, { error: `not 1 to ${maxIdCharacters} characters` })
  .refine((id) => !forbiddenInIds.test(id), { error: 'holds U+0000 or a lone surrogate' })
  .meta({ minLength: 1, maxLength: maxIdCharacters });

/** Beyond 2^53 a JSON number is no longer the number that was sent: such ids come as text. */
const numberId = z.int({ error: 'a number that is not an exact integer: send it as text' });

const id = z
  .union([textId, numberId], { error: fault('missing', 'not an id') })
  .meta({ description: 'Text of 1 to 255 characters, or an integer up to 2^53 - 1.' });

const sentAt = z
  .union([z.string(), z.number()], { error: 'not a time' })
  .meta({ description: 'RFC 3339 with offset, or epoch milliseconds; absent: the time of the record.' });

const address = {
  bot_id: id,
  user_id: id.meta({
    description: 'Whom the bot talks to; in a group, the user whom it answers, or the speaker.',
  }),
  channel_id: id.nullish().meta({
    description:
      'A part of a message’s identity: an edit or delete gives the one that its message gave, or none where it gave none.',
  }),
  channel_type: z
    .string({ error: 'not text' })
    .refine((text) => text.length <= maxIdCharacters, { error: `longer than ${maxIdCharacters} characters` })
    .meta({ maxLength: maxIdCharacters, description: 'dm, group, …' })
    .nullish(),
  sent_at: sentAt.nullish(),
};

export const acceptedRoles = [...roles, 'bot'] as const;

const content = z.string({ error: fault('missing', 'not text') });

export const chatMessageSchema = z.looseObject({
  type: z.literal('message').nullish(),
  id: id.nullish().meta({ description: "The platform's message id; without one it is derived." }),
  ...address,
  role: z.enum(acceptedRoles, { error: fault('missing', 'unknown role') }),
  content,
  metadata: z.record(z.string(), z.unknown(), { error: 'not an object' }).nullish(),
});

export const messageEditSchema = z.looseObject({
  type: z.literal('message.edited'),
  id: id.meta({ description: 'The message meant.' }),
  ...address,
  content: content.meta({ description: 'The new text.' }),
});

export const messageDeleteSchema = z.looseObject({
  type: z.literal('message.deleted'),
  id: id.meta({ description: 'The message meant.' }),
  ...address,
});

export const sessionEndSchema = z.looseObject({
  type: z.literal('session.end'),
  id: id.nullish(),
  ...address,
});

/** The types that this version knows; others are counted and skipped. */
export const messageEventTypes = ['message', 'message.edited', 'message.deleted', 'session.end'] as const;
export type MessageEventType = (typeof messageEventTypes)[number];

export const messageEventSchema = z
  .union([chatMessageSchema, messageEditSchema, messageDeleteSchema, sessionEndSchema])
  .meta({
    title: 'Message event',
    description: 'One record of the messages topic, version 1. Unknown fields are kept.',
  });
export type MessageEvent = z.input<typeof messageEventSchema>;
