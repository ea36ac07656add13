import type pg from 'pg';
import type { ResultEventType } from '../../model/result-event.ts';
import { eventId, eventSubject } from '../../publish/cloud-event.ts';
import type { LockedKeyRow } from './lock-keys.ts';
import { prepared } from './prepared.ts';

/** An event before its sequence is given; `data` holds everything else of the contract. */
export interface EventDraft {
  readonly keyId: string;
  readonly windowId: string | null;
  readonly type: ResultEventType;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Asks the indexer to bring a window's summary (if there is a window) and these facts in line. */
export interface VectorDraft {
  readonly keyId: string;
  readonly windowId: string | null;
  readonly runId: number;
  readonly factIds: readonly string[];
}

/**
 * Appends result events in the transaction whose outcome they tell. The keys must be
 * locked by this transaction: that is what makes `sequence` strictly rising, and the
 * order of a key's outbox ids the order of its commits. The clock in it makes sequences
 * survive a restore from an older copy. Each key's `lastSequence` follows.
 */
export async function appendEvents(
  client: pg.ClientBase,
  locked: readonly LockedKeyRow[],
  drafts: readonly EventDraft[],
  vectors: readonly VectorDraft[] = [],
): Promise<void> {
  const keys = new Map(locked.map((key) => [key.keyId, key]));
  const rows = [...drafts.map((draft) => eventRow(keys, draft)), ...vectors.map(vectorRow)];
  if (rows.length === 0) return;
  const risen = [...new Set(drafts.map((draft) => draft.keyId))];
  await client.query(
    prepared(
      `with risen as (
         update afterword.user_keys k set last_sequence = t.last_sequence
         from unnest($9::bigint[], $10::bigint[]) as t (key_id, last_sequence)
         where k.key_id = t.key_id)
       insert into afterword.outbox (destination, key_id, window_id, event_id, event_type, sequence, record_key, event)
       select t.destination, t.key_id, t.window_id, t.event_id, t.event_type, t.sequence, t.record_key, t.event::jsonb
       from unnest($1::text[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::text[], $8::text[])
         with ordinality as t (destination, key_id, window_id, event_id, event_type, sequence, record_key, event, ord)
       order by t.ord`,
      [
        rows.map((row) => row.destination),
        rows.map((row) => row.keyId),
        rows.map((row) => row.windowId),
        rows.map((row) => row.eventId),
        rows.map((row) => row.type),
        rows.map((row) => row.sequence),
        rows.map((row) => row.recordKey),
        rows.map((row) => row.event),
        risen,
        risen.map((keyId) => keys.get(keyId)?.lastSequence),
      ],
    ),
  );
}

interface OutboxRow {
  readonly destination: 'results' | 'vectors';
  readonly keyId: string;
  readonly windowId: string | null;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly sequence: number | null;
  readonly recordKey: string | null;
  /** JSON. */
  readonly event: string;
}

/** Gives the event its sequence, which is then its key's last. */
function eventRow(keys: ReadonlyMap<string, LockedKeyRow>, draft: EventDraft): OutboxRow {
  const key = keys.get(draft.keyId);
  if (key === undefined) throw new Error('an event was appended without holding its key');
  key.lastSequence = Math.max(key.lastSequence + 1, key.lockedAtUs);
  const sequence = key.lastSequence;
  return {
    destination: 'results',
    keyId: draft.keyId,
    windowId: draft.windowId,
    eventId: eventId(draft.type, key, sequence),
    type: draft.type,
    sequence,
    recordKey: eventSubject(key),
    event: JSON.stringify({ sequence, bot_id: key.botId, user_id: key.userId, ...draft.data }),
  };
}

function vectorRow({ keyId, windowId, runId, factIds }: VectorDraft): OutboxRow {
  const nothing = { eventId: null, type: null, sequence: null, recordKey: null };
  return { destination: 'vectors', keyId, windowId, ...nothing, event: JSON.stringify({ runId, factIds }) };
}
