import type pg from 'pg';
import type { ObservedMemory } from '../../memory/join-memory.ts';
import type { FactObservation, PreferenceObservation } from '../../model/observation.ts';
import { translating } from './database-errors.ts';

type ObservedRow =
  | { readonly kind: 'fact'; readonly observation: FactObservation }
  | { readonly kind: 'preference'; readonly observation: PreferenceObservation };

/** What a message or window without a type of channel counts as. */
const unknownType = 'unknown';

/**
 * All live observations of a person that this bot may know: its own, and those of other bots that
 * were not made in private. A window of several channels is private as soon as one of its messages
 * is. Of what people entered by hand elsewhere only retractions count, for it may repeat what was
 * said in private. The cost grows with what was ever observed of the person.
 *
 * @param privateTypes types of channels; `unknown` stands for those without one
 * @throws AfterwordError DATABASE_UNAVAILABLE
 */
export function readObservedMemory(
  pool: pg.Pool,
  botId: string,
  userId: string,
  privateTypes: readonly string[],
): Promise<ObservedMemory> {
  return translating(async () => {
    const { rows } = await pool.query<ObservedRow>(
      `select o.kind, o.observation
       from afterword.user_keys k
       join afterword.observations o on o.key_id = k.key_id and o.run_id = k.run_id and o.superseded_at is null
       left join afterword.windows w on w.window_id = o.window_id
       where k.user_id = $2 and (k.bot_id = $1
         or (o.window_id is null and (o.observation ->> 'retracts')::boolean)
         or (w.window_id is not null
           and coalesce(o.observation ->> 'channelType', $4) <> all ($3::text[])
           and not exists (select from afterword.messages m
             where m.key_id = w.key_id and m.sent_at_ms between w.started_at_ms and w.ended_at_ms
               and (w.channel_id is null or m.channel_id = w.channel_id)
               and coalesce(m.channel_type, $4) = any ($3::text[]))))
       order by o.observation_id`,
      [botId, userId, privateTypes, unknownType],
    );
    return {
      facts: rows.flatMap((row) => (row.kind === 'fact' ? [row.observation] : [])),
      preferences: rows.flatMap((row) => (row.kind === 'preference' ? [row.observation] : [])),
    };
  });
}
