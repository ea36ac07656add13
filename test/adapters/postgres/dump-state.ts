import type { StoreHarness } from '../../support/store-harness.ts';

/**
 * Everything that a run of the write paths leaves behind, but what differs from one run to
 * the next by nature: wall times, numbers given by sequences, leases.
 */
const views: Readonly<Record<string, string>> = {
  keys: `select bot_id, user_id, run_id, partition, last_end_ms from afterword.user_keys order by 1, 2`,
  bots: `select bot_id, revised_at is not null as revised from afterword.bots order by 1`,
  channels: `select bot_id, user_id, channel_id from afterword.channel_keys join afterword.user_keys using (key_id)
    order by 1, 2, 3`,
  messages: `select identity, bot_id, user_id, sent_at_ms, content, deleted, clamped, source_offset, changed_at_ms
    from afterword.messages join afterword.user_keys using (key_id) order by 1`,
  changes: `select identity, target, kind, changed_at_ms, content from afterword.message_changes order by 1`,
  ends: `select identity, channel_id, ended_at_ms from afterword.session_ends order by 1`,
  deadLetters: `select dead_letter_id, reason, detail, headers::text from afterword.dead_letters order by 1`,
  ignored: `select partition, type, records from afterword.ignored_records order by 1, 2`,
  progress: `select topic, partition, next_offset, stream_time_ms from afterword.partition_progress order by 1, 2`,
  windows: `select window_id, started_at_ms, ended_at_ms, message_count, status, due_reason, close_reason,
      channel_id, channel_type, superseded_by, revision
    from afterword.windows order by 1`,
  closed: `select window_id, span::text from afterword.closed_windows order by 1`,
  extractions: `select window_id, status, changed, revision, error_code, language from afterword.extractions order by 1`,
  tasks: `select window_id, revision, stage, status, method, result, superseded_at is null as current
    from afterword.stage_tasks order by 1, 2, 3`,
  observations: `select observation_id, kind, group_key, observation, superseded_at is null as current
    from afterword.observations order by 1`,
  facts: `select fact_id, status, fact from afterword.facts order by 1`,
  preferences: `select preference_id, status, preference from afterword.preferences order by 1`,
  profiles: `select bot_id, user_id, facts, preferences, summaries, prompt_text from afterword.profiles order by 1, 2`,
  outbox: `select destination, event_type, window_id, dead_letter_id, sent_at is not null as sent,
      event #- '{sequence}' as event,
      rank() over (partition by key_id order by sequence) as place
    from afterword.outbox order by destination, record_key, place, dead_letter_id, event::text`,
};

export async function dumpState(harness: StoreHarness): Promise<Readonly<Record<string, unknown[]>>> {
  const entries = await Promise.all(
    Object.entries(views).map(async ([name, sql]) => [name, await harness.rows(sql)] as const),
  );
  return Object.fromEntries(entries);
}
