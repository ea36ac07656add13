import { z } from 'zod';
import { closeReasons } from './session-window.ts';

/** What the data of every result event, and of every one about a window, has in common. */

export const countSchema = z.number().int().min(0);
export const timeSchema = z.iso.datetime();
export const truncatedSchema = z
  .literal(true)
  .describe(
    'The event holds ids only: it was too large for the topic, or tells of what went with a deleted message. ' +
      'Read what there is from the database or the API.',
  );

export const commonFields = {
  sequence: z
    .number()
    .int()
    .min(1)
    .describe(
      'Strictly rising for each bot and user. Drop an event whose sequence you have seen; for state, the highest wins.',
    ),
  bot_id: z.string().min(1),
  user_id: z.string().min(1),
  run_id: z.string().min(1).describe('The settings with the windows and results that they gave.'),
};

export const windowFields = {
  window_id: z.guid().describe('Hash of run, key and start: the same start is the same window.'),
  revision: countSchema.describe(
    'How often the results were made anew. `window.closed` names the revision that comes next.',
  ),
  channel_id: z.string().nullable().describe('Null: messages of several channels, or of none.'),
  channel_type: z.string().nullable().describe('`dm`, `group`, … as the platform named it.'),
  started_at: timeSchema.describe('Event time of the first message.'),
  ended_at: timeSchema.describe('Event time of the last message, inclusive.'),
  message_count: countSchema.describe('Messages of every role, deleted ones included.'),
  close_reason: z.enum(closeReasons),
};
