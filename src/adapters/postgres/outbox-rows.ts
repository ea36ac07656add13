import type pg from 'pg';
import type { ResultEventType } from '../../model/result-event.ts';
import { eventId, eventSubject } from '../../publish/cloud-event.ts';
import type { lockKeysById } from './lock-keys.ts';
import { prepared } from './prepared.ts';

export type LockedKeyRow = Awaited<ReturnType<typeof lockKeysById>>[number];

/** An event before its sequence is given; `data` holds everything else of the contract. */
export interface EventDraft {
  readonly keyId: string;
  readonly windowId: string | null;
  readonly type: ResultEventType;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Appends result events in the transaction whose outcome they tell. The keys must be
 * locked by this transaction: that is what makes `sequence` strictly rising, and the
 * order of a key's outbox ids the order of its commits. The clock in it makes sequences
 * survive a restore from an older copy. Returns each key's greatest sequence.
 */
export async function appendEvents(
  client: pg.ClientBase,
  locked: readonly LockedKeyRow[],
  drafts: readonly EventDraft[],
): Promise<ReadonlyMap<string, number>> {
  if (drafts.length === 0) return new Map();
  const keys = new Map(locked.map((key) => [key.keyId, key]));
  const nowUs = await databaseMicroseconds(client);
  const sequences = new Map<string, number>();
  const rows = drafts.map((draft) => {
    const key = keys.get(draft.keyId);
    if (key === undefined) throw new Error('an event was appended without holding its key');
    const sequence = Math.max((sequences.get(draft.keyId) ?? key.lastSequence) + 1, nowUs);
    sequences.set(draft.keyId, sequence);
    const recordKey = eventSubject(key);
    const head = { sequence, bot_id: key.botId, user_id: key.userId };
    return {
      ...draft,
      sequence,
      recordKey,
      eventId: eventId(draft.type, key, sequence),
      data: { ...head, ...draft.data },
    };
  });
  await client.query(
    prepared(
      `insert into afterword.outbox (destination, key_id, window_id, event_id, event_type, sequence, record_key, event)
     select 'results', t.key_id, t.window_id, t.event_id, t.event_type, t.sequence, t.record_key, t.event::jsonb
     from unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::text[])
       with ordinality as t (key_id, window_id, event_id, event_type, sequence, record_key, event, ord)
     order by t.ord`,
      [
        rows.map((row) => row.keyId),
        rows.map((row) => row.windowId),
        rows.map((row) => row.eventId),
        rows.map((row) => row.type),
        rows.map((row) => row.sequence),
        rows.map((row) => row.recordKey),
        rows.map((row) => JSON.stringify(row.data)),
      ],
    ),
  );
  await client.query(
    prepared(
      `update afterword.user_keys k set last_sequence = t.last_sequence
     from unnest($1::bigint[], $2::bigint[]) as t (key_id, last_sequence)
     where k.key_id = t.key_id`,
      [[...sequences.keys()], [...sequences.values()]],
    ),
  );
  return sequences;
}

async function databaseMicroseconds(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ now_us: string }>(
    'select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now_us',
  );
  return Number(rows[0]?.now_us ?? 0);
}
