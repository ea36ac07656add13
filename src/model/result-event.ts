import { z } from 'zod';
import { memoryChangeIdSchema, memoryChangeSchema } from './memory-change-event.ts';
import {
  commonFields,
  countSchema,
  timeSchema,
  truncatedSchema,
  windowFields,
} from './result-event-fields.ts';
import { stageCompletedSchema, windowEnrichedSchema } from './stage-events.ts';

/**
 * The data of the six events on the results topic (contract 3.3). We write exactly
 * these fields; the JSON Schemas made from them leave room for more, because later
 * versions add fields without a new event type.
 */

const memoryFields = {
  window_id: z
    .guid()
    .nullable()
    .describe(
      'Whose revision changed memory; null: a person, the promotion of a run or a deleted message did.',
    ),
  revision: countSchema.nullable(),
};

export const resultEventSchemas = {
  'afterword.window.closed.v1': z
    .strictObject({ ...commonFields, ...windowFields })
    .describe('A session window is over; its stages run next.'),
  'afterword.stage.completed.v1': stageCompletedSchema,
  'afterword.window.enriched.v1': windowEnrichedSchema,
  'afterword.memory.changed.v1': z
    .union([
      z.strictObject({ ...commonFields, ...memoryFields, changes: z.array(memoryChangeSchema).min(1) }),
      z.strictObject({
        ...commonFields,
        ...memoryFields,
        changes: z.array(memoryChangeIdSchema),
        change_count: countSchema.describe('All changes; `changes` holds as many as fitted.'),
        truncated: truncatedSchema,
      }),
    ])
    .describe('Facts and preferences that were confirmed, superseded or retracted.'),
  'afterword.window.superseded.v1': z
    .strictObject({
      ...commonFields,
      ...windowFields,
      by: z.array(z.guid()).describe('The windows that hold its messages now. Empty: none does.'),
    })
    .describe('A window that was announced is no more: forget its results.'),
  'afterword.user.erased.v1': z
    .strictObject({
      ...commonFields,
      erased_at: timeSchema,
      erased: z
        .strictObject({
          messages: countSchema,
          windows: countSchema,
          results: countSchema,
          facts: countSchema,
          preferences: countSchema,
          vectors: countSchema,
        })
        .describe('How many of each were erased here. Erase your own copies of this bot and user.'),
    })
    .describe('The person was forgotten by this bot.'),
} as const;

export type ResultEventType = keyof typeof resultEventSchemas;
export const resultEventTypes = Object.keys(resultEventSchemas) as readonly ResultEventType[];

export type ResultEventData<Type extends ResultEventType = ResultEventType> = z.infer<
  (typeof resultEventSchemas)[Type]
>;

/** An event of one type, as it waits in the outbox. */
export interface ResultEventOf<Type extends ResultEventType> {
  /** UUID from `eventId`: a resend repeats it. */
  readonly id: string;
  readonly type: Type;
  /** URI reference that names the installation, such as `/afterword`. */
  readonly source: string;
  /** `bot_id/user_id`, also the record key. */
  readonly subject: string;
  /** When it happened here, epoch milliseconds of the database's clock. */
  readonly timeMs: number;
  readonly data: ResultEventData<Type>;
}
/** Discriminated by `type`. */
export type ResultEvent = { [Type in ResultEventType]: ResultEventOf<Type> }[ResultEventType];
