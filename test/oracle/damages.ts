import type { Log } from './read-log.ts';
import type { OracleInput } from './oracle.ts';
import type { LoggedRecord } from './logged-record.ts';

/** Something done on purpose to a line that was all right, and the rules that have to notice. */
export interface Damage {
  readonly name: string;
  /** To the database; the last statement has to touch a row. */
  readonly sql?: readonly string[];
  readonly log?: (log: Log) => Log;
  readonly input?: (input: OracleInput) => OracleInput;
  readonly breaks: readonly string[];
}

const live = `window_id in (select window_id from afterword.windows where status = 'closed')`;
const ofAnn = `key_id = (select key_id from afterword.user_keys where user_id = 'ann')`;
const one = (table: string, where: string): string =>
  `ctid = (select ctid from afterword.${table} where ${where} limit 1)`;

/** Constraints that would refuse the damage: the oracle has to see it where none of them does. */
const withoutChecks = (table: string): string => `do $$
  declare rule record;
  begin
    for rule in select conname from pg_constraint where conrelid = 'afterword.${table}'::regclass and contype = 'c' loop
      execute format('alter table afterword.${table} drop constraint %I', rule.conname);
    end loop;
  end $$`;

const toMessages: readonly Damage[] = [
  {
    name: 'a message is lost',
    sql: [`delete from afterword.messages where message_id = 'dan-1'`],
    breaks: ['messages'],
  },
  {
    name: 'a message is stored twice',
    sql: [
      `insert into afterword.messages (identity, key_id, sent_at_ms, role, message_id, content, content_hash,
         source_partition, source_offset)
       select gen_random_uuid(), key_id, sent_at_ms, role, message_id, content, content_hash, source_partition,
         source_offset from afterword.messages where message_id = 'dan-1'`,
    ],
    breaks: ['messages'],
  },
  {
    name: 'a message is there that nobody sent',
    sql: [
      `insert into afterword.messages (identity, key_id, sent_at_ms, role, message_id, content, content_hash,
         source_partition, source_offset)
       select gen_random_uuid(), key_id, sent_at_ms, 'system', 'made-up', 'x', content_hash, source_partition, 100000
       from afterword.messages where message_id = 'dan-1'`,
    ],
    breaks: ['messages'],
  },
  {
    name: 'a person is there who never wrote',
    sql: [
      `insert into afterword.user_keys (bot_id, user_id, run_id, partition)
       select 'luna', 'nobody', run_id, 0 from afterword.user_keys limit 1`,
    ],
    breaks: ['messages'],
  },
  {
    name: 'a message has another role',
    sql: [`update afterword.messages set role = 'system' where message_id = 'dan-1'`],
    breaks: ['messages'],
  },
  {
    name: 'a message has another text',
    sql: [`update afterword.messages set content = content || '!' where message_id = 'dan-1'`],
    breaks: ['message-texts'],
  },
  {
    name: 'an edit was not applied',
    sql: [`update afterword.messages set content = 'as it was' where message_id = 'ann-a-1'`],
    breaks: ['message-texts'],
  },
  {
    name: 'a delete was not final',
    sql: [`update afterword.messages set deleted = false where message_id = 'ben-a-4'`],
    breaks: ['message-texts'],
  },
  {
    name: 'a message was moved in time',
    sql: [`update afterword.messages set sent_at_ms = sent_at_ms + 1 where message_id = 'dan-1'`],
    breaks: ['message-texts'],
  },
  {
    name: 'a time that was drawn back is not flagged',
    sql: [`update afterword.messages set clamped = false where message_id = 'eve-0'`],
    breaks: ['message-texts'],
  },
  {
    name: 'metadata is lost',
    sql: [`update afterword.messages set metadata = null where message_id = 'ben-b-8'`],
    breaks: ['message-texts'],
  },
  {
    name: 'an edit is lost',
    sql: [`delete from afterword.message_changes where ${one('message_changes', `kind = 'edit'`)}`],
    breaks: ['changes'],
  },
  {
    name: 'a delete is there that nobody sent',
    sql: [
      `insert into afterword.message_changes (identity, target, key_id, kind, changed_at_ms, claimed_at_ms, content)
       select gen_random_uuid(), gen_random_uuid(), key_id, 'delete', 5, 5, '' from afterword.user_keys limit 1`,
    ],
    breaks: ['changes'],
  },
  {
    name: 'an end marker was moved',
    sql: [
      `update afterword.session_ends set ended_at_ms = ended_at_ms + 1 where ${one('session_ends', 'true')}`,
    ],
    breaks: ['session-ends'],
  },
  {
    name: 'a dead letter is lost',
    sql: [`delete from afterword.dead_letters where reason = 'null-value'`],
    breaks: ['dead-letters'],
  },
  {
    name: 'a dead letter has other bytes',
    sql: [`update afterword.dead_letters set record_value = '\\x00' where reason = 'not-json'`],
    breaks: ['dead-letters'],
  },
  {
    name: 'a record that could be used is a dead letter too',
    sql: [
      `insert into afterword.dead_letters (dead_letter_id, topic, partition, record_offset, record_at_ms, headers,
         reason, detail)
       select gen_random_uuid(), topic, 0, 0, 0, '[]', 'refused-by-database', '' from afterword.dead_letters limit 1`,
    ],
    breaks: ['dead-letters'],
  },
  {
    name: 'an ignored record is counted twice',
    sql: ['update afterword.ignored_records set records = records + 1 where partition = 0'],
    breaks: ['ignored'],
  },
];

const toWindows: readonly Damage[] = [
  {
    name: 'a window ends later',
    sql: [
      `update afterword.windows set ended_at_ms = ended_at_ms + 1 where ${one('windows', `status = 'closed'`)}`,
    ],
    breaks: ['windows'],
  },
  {
    name: 'a window counts a message more',
    sql: [
      `update afterword.windows set message_count = message_count + 1 where ${one('windows', `status = 'closed'`)}`,
    ],
    breaks: ['windows', 'stages'],
  },
  {
    name: 'a window is there without a message, across another one',
    sql: [
      `insert into afterword.windows (window_id, run_id, key_id, session_key, started_at_ms, ended_at_ms, message_count,
         status, check_at_ms, touched_at_ms, partition)
       select gen_random_uuid(), run_id, key_id, session_key, started_at_ms + 1, ended_at_ms, 1, 'open', 0, 0, partition
       from afterword.windows where status = 'closed' limit 1`,
    ],
    breaks: ['windows', 'at-rest'],
  },
  {
    name: 'a span is another than its window’s',
    sql: [
      `update afterword.closed_windows set span = int8range(lower(span), upper(span) + 1)
       where ${one('closed_windows', 'true')}`,
    ],
    breaks: ['windows'],
  },
  {
    name: 'a window closed without a reason',
    sql: [
      withoutChecks('windows'),
      `update afterword.windows set close_reason = null where ${one('windows', `status = 'closed'`)}`,
    ],
    breaks: ['windows'],
  },
  {
    name: 'two runs are active',
    sql: [`insert into afterword.runs (status) values ('live')`],
    breaks: ['windows'],
  },
  {
    name: 'a stage that was skipped is not there',
    sql: [
      `delete from afterword.stage_tasks
       where ${one('stage_tasks', `status = 'skipped' and superseded_at is null and ${live}`)}`,
    ],
    breaks: ['stages', 'result-events-explained'],
  },
  {
    name: 'an earlier result still counts',
    sql: [
      `update afterword.stage_tasks set superseded_at = null
       where ${one('stage_tasks', `stage = 'summary' and status = 'done' and superseded_at is not null and ${live} and ${ofAnn}`)}`,
    ],
    breaks: ['stages'],
  },
  {
    name: 'a failure was stored as nothing found',
    sql: [
      `update afterword.stage_tasks set result = '"none"'
       where ${one('stage_tasks', `status = 'done' and superseded_at is not null and result is not null`)}`,
    ],
    breaks: ['stages'],
  },
  {
    name: 'what a superseded window said still counts',
    sql: [
      `update afterword.stage_tasks set superseded_at = null
       where window_id in (select window_id from afterword.windows where status = 'superseded') and status = 'skipped'`,
    ],
    breaks: ['stages'],
  },
  {
    name: 'a window is asked to be extracted again',
    sql: [`update afterword.extractions set status = 'pending' where ${one('extractions', live)}`],
    breaks: ['at-rest'],
  },
  {
    name: 'an event was not sent',
    sql: [
      `insert into afterword.outbox (destination, dead_letter_id)
       select 'dead-letter', dead_letter_id from afterword.dead_letters limit 1`,
    ],
    breaks: ['at-rest'],
  },
];

function typeOf(record: LoggedRecord): string {
  return record.headers.find(([name]) => name === 'ce_type')?.[1]?.toString('utf8') ?? '';
}

function dataOf(record: LoggedRecord): Record<string, unknown> {
  return JSON.parse(record.value?.toString('utf8') ?? '{}') as Record<string, unknown>;
}

function lastOf(log: Log, type: string, user: string): LoggedRecord {
  const last = log.records.findLast(
    (record) => typeOf(record) === type && dataOf(record)['user_id'] === user,
  );
  if (last === undefined) throw new Error(`no ${type} of ${user}`);
  return last;
}

/** Takes a person's last event of a type off the topic, as if it had never been sent. */
const without =
  (type: string, user: string) =>
  (log: Log): Log => {
    const last = lastOf(log, type, user);
    return { ...log, records: log.records.filter((record) => record !== last) };
  };

/** Puts ann's last event of a type on the topic once more, with changes. */
const withAnother =
  (type: string, changes: (data: Record<string, unknown>) => Record<string, unknown>, id: string) =>
  (log: Log): Log => {
    const last = lastOf(log, type, 'ann');
    const value = Buffer.from(JSON.stringify({ ...dataOf(last), ...changes(dataOf(last)) }));
    const headers = last.headers.map(
      ([name, bytes]) => [name, name === 'ce_id' ? Buffer.from(id) : bytes] as const,
    );
    return { ...log, records: [...log.records, { ...last, offset: last.offset + 10_000n, value, headers }] };
  };

/** Changes ann's last event of a type in its place. */
const changed =
  (type: string, changes: Readonly<Record<string, unknown>>) =>
  (log: Log): Log => {
    const last = lastOf(log, type, 'ann');
    const change = (record: LoggedRecord): LoggedRecord => ({
      ...record,
      value: Buffer.from(JSON.stringify({ ...dataOf(record), ...changes })),
    });
    return { ...log, records: log.records.map((record) => (record === last ? change(record) : record)) };
  };

/** Two events of one person in the other order. */
function swapped(log: Log): Log {
  const last = lastOf(log, enriched, 'ann');
  const at = log.records.indexOf(last);
  const before = log.records.findLastIndex(
    (record, index) => index < at && typeOf(record) !== '' && dataOf(record)['user_id'] === 'ann',
  );
  const earlier = log.records[before];
  if (earlier === undefined) throw new Error('no event before it');
  return { ...log, records: log.records.with(before, last).with(at, earlier) };
}

const closed = 'afterword.window.closed.v1';
const completed = 'afterword.stage.completed.v1';
const enriched = 'afterword.window.enriched.v1';
const superseded = 'afterword.window.superseded.v1';
const remembered = 'afterword.memory.changed.v1';
const nowhere = '00000000-0000-8000-8000-000000000000';

const toTopics: readonly Damage[] = [
  { name: 'events come in another order', log: swapped, breaks: ['sequences'] },
  {
    name: 'a resend has another id',
    log: withAnother(closed, () => ({}), nowhere),
    breaks: ['sequences'],
  },
  { name: 'nothing tells how the stages ended', log: without(enriched, 'ann'), breaks: ['result-events'] },
  { name: 'a result was never told', log: without(completed, 'ann'), breaks: ['result-events'] },
  {
    name: 'an event tells another number of messages',
    log: changed(enriched, { message_count: 99 }),
    breaks: ['result-events'],
  },
  {
    name: 'nothing tells that a window is no more',
    log: without(superseded, 'cat'),
    breaks: ['result-events', 'subscriber'],
  },
  { name: 'a change of memory was never told', log: without(remembered, 'ann'), breaks: ['subscriber'] },
  {
    name: 'an event tells of a window that was never committed',
    log: withAnother(
      closed,
      ({ sequence }) => ({ window_id: nowhere, sequence: Number(sequence) + 1e12 }),
      nowhere,
    ),
    breaks: ['result-events-explained'],
  },
  {
    name: 'an event counts as sent, and is not there',
    sql: [
      `insert into afterword.outbox (destination, key_id, event_id, event_type, sequence, record_key, event, sent_at)
       select 'results', key_id, gen_random_uuid(), '${closed}', 1, 'x', '{}', now() from afterword.user_keys limit 1`,
    ],
    breaks: ['result-events-explained'],
  },
  {
    name: 'a dead letter is not on its topic',
    log: (log) => {
      const last = log.records.findLast(({ headers }) =>
        headers.some(([name]) => name === 'afterword_reason'),
      );
      return { ...log, records: log.records.filter((record) => record !== last) };
    },
    breaks: ['dead-letter-topic'],
  },
  {
    name: 'an offset is committed ahead of what is stored',
    sql: ['update afterword.partition_progress set next_offset = next_offset - 1 where partition = 0'],
    breaks: ['offsets'],
  },
  {
    name: 'a position is stored ahead of the log',
    sql: ['update afterword.partition_progress set next_offset = next_offset + 1 where partition = 0'],
    breaks: ['offsets'],
  },
];

const toMemory: readonly Damage[] = [
  {
    name: 'a fact is lost',
    sql: [`delete from afterword.facts where ${one('facts', `status = 'current'`)}`],
    breaks: ['subscriber'],
  },
  {
    name: 'a preference is another one',
    sql: [`update afterword.preferences set preference = jsonb_set(preference, '{value}', '"long"')`],
    breaks: ['subscriber'],
  },
  {
    name: 'a fact quotes what nobody said',
    sql: [
      `update afterword.facts set fact = jsonb_set(fact, '{evidence,0,quote}', '"never said"')
       where ${one('facts', `status = 'current'`)}`,
    ],
    breaks: ['evidence', 'subscriber'],
  },
  {
    name: 'an observation quotes what nobody said',
    sql: [
      `update afterword.observations set observation = jsonb_set(observation, '{fact,evidence,0,quote}', '"never said"')
       where ${one('observations', `superseded_at is null and kind = 'fact'`)}`,
    ],
    breaks: ['evidence'],
  },
  {
    name: 'an observation stands on the bot’s words alone',
    sql: [
      `update afterword.observations set observation = jsonb_set(observation, '{fact,evidence}',
         '[{"message_id": "dan-1", "quote": "Tell me more about"}]')
       where superseded_at is null and observation #>> '{fact,evidence,0,message_id}' = 'dan-0'`,
    ],
    breaks: ['evidence'],
  },
];

const toProcesses: readonly Damage[] = [
  {
    name: 'the model was asked twice',
    input: (input) => ({ ...input, modelCalls: [...input.modelCalls, ...input.modelCalls] }),
    breaks: ['model-calls'],
  },
];

export const damages: readonly Damage[] = [
  ...toMessages,
  ...toWindows,
  ...toTopics,
  ...toMemory,
  ...toProcesses,
];
