import type { DeadLetterReason } from '../model/decoded-record.ts';
import type { Method } from '../model/results.ts';
import type { CloseReason } from '../model/session-window.ts';
import { counter, gauge, histogram } from './instruments.ts';

/** What became of a record (promise P2: exactly one of these). */
export type RecordOutcome =
  | 'message'
  | 'duplicate'
  | 'change'
  | 'session-end'
  | 'ignored'
  | 'dead-letter'
  /** Of a user who was forgotten. */
  | 'erased';
/** What the stored position and the log’s or the group’s disagreed in; the log tells the offsets. */
export type PositionAlarm = 'refilled' | 'restarted' | 'set-back';
export type TaskStatus = 'pending' | 'running' | 'done' | 'skipped' | 'retrying' | 'deferred' | 'failed';
export type StageStatus = 'done' | 'skipped' | 'failed';
export type TokenKind = 'input' | 'cached-input' | 'output';

type PartitionLabels = { topic: string; partition: number };

const fastSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const modelSeconds = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128];
const waitSeconds = [0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];

/**
 * Every metric of Afterword: this is the one place that names them. Labels are closed
 * lists, partitions, stages and models; no label ever holds a user, bot or window.
 */
export const consumeMetrics = {
  records: counter<{ topic: string; outcome: RecordOutcome }>(
    'afterword_records_consumed_total',
    'Records read, by what became of them.',
    ['topic', 'outcome'],
  ),
  deadLetters: counter<{ reason: DeadLetterReason }>(
    'afterword_dead_letters_total',
    'Records that can never be used, by reason.',
    ['reason'],
  ),
  clampedMessages: counter('afterword_messages_clamped_total', 'Messages whose event time lay ahead.'),
  conflictingMessages: counter(
    'afterword_messages_conflicting_total',
    'Messages that came again with another text.',
  ),
  batches: counter<{ outcome: 'stored' | 'known' | 'halved' | 'failed' }>(
    'afterword_batches_total',
    'Batches, by how their transaction ended.',
    ['outcome'],
  ),
  batchSeconds: histogram('afterword_batch_seconds', 'Time to make a batch durable.', fastSeconds),
  lagRecords: gauge<PartitionLabels>(
    'afterword_partition_lag_records',
    'Records in the partition after the stored position.',
    ['topic', 'partition'],
  ),
  lagSeconds: gauge<PartitionLabels>(
    'afterword_partition_lag_seconds',
    'Wall time ahead of the stream time.',
    ['topic', 'partition'],
  ),
  partitionsAssigned: gauge<{ topic: string }>('afterword_partitions_assigned', 'Partitions held.', [
    'topic',
  ]),
  partitionsPaused: gauge<{ topic: string }>(
    'afterword_partitions_paused',
    'Partitions that are held and not fetched.',
    ['topic'],
  ),
  rebalances: counter('afterword_rebalances_total', 'Times that the partitions were assigned anew.'),
  logGaps: counter<{ topic: string }>(
    'afterword_log_gaps_total',
    'Stretches that retention took before they were read.',
    ['topic'],
  ),
  positionAlarms: counter<{ kind: PositionAlarm }>(
    'afterword_position_alarms_total',
    'Times that a partition is read again because the stored position did not fit, by why; each is worth a look.',
    ['kind'],
  ),
} as const;

export const windowMetrics = {
  windowsOpened: counter('afterword_windows_opened_total', 'Windows begun.'),
  windowsClosed: counter<{ reason: CloseReason }>('afterword_windows_closed_total', 'Windows closed.', [
    'reason',
  ]),
  closingsRefused: counter(
    'afterword_closings_refused_total',
    'Windows that the database refused to close, which is a fault of Afterword: any is worth a report.',
  ),
  windowsSuperseded: counter('afterword_windows_superseded_total', 'Windows that others replaced.'),
  windowsRevised: counter('afterword_windows_revised_total', 'Closed windows that changed again.'),
  windowsOpen: gauge('afterword_windows_open', 'Windows that are open now.'),
  windowsUnsettled: gauge('afterword_windows_unsettled', 'Windows closed whose stages have not all ended.'),
  oldestDueSeconds: gauge(
    'afterword_oldest_due_window_age_seconds',
    'Time since the oldest unsettled window was due; 0: none is.',
  ),
} as const;

export const extractMetrics = {
  tasks: gauge<{ status: TaskStatus }>('afterword_tasks', 'Stage tasks, by state.', ['status']),
  tasksInFlight: gauge('afterword_windows_in_flight', 'Windows that this process is extracting now.'),
  stageOutcomes: counter<{ stage: string; status: StageStatus; method: Method | 'none' }>(
    'afterword_stage_outcomes_total',
    'Stages ended, by how and by which analyser.',
    ['stage', 'status', 'method'],
  ),
  windowSeconds: histogram(
    'afterword_window_extract_seconds',
    'Time from claim to the stored result of a window.',
    modelSeconds,
  ),
  dueSeconds: histogram(
    'afterword_window_due_to_result_seconds',
    'Time from when a window was due to its stored result.',
    waitSeconds,
  ),
  modelCalls: counter<{ model: string; outcome: string }>(
    'afterword_model_calls_total',
    'Calls of the model; outcome is `ok` or the error’s code.',
    ['model', 'outcome'],
  ),
  modelRepairs: counter<{ stage: string }>(
    'afterword_model_repairs_total',
    'Stages asked again after an answer that failed its check.',
    ['stage'],
  ),
  modelSeconds: histogram<{ model: string }>('afterword_model_seconds', 'Time of a call.', modelSeconds, [
    'model',
  ]),
  modelTokens: counter<{ model: string; kind: TokenKind }>('afterword_model_tokens_total', 'Tokens used.', [
    'model',
    'kind',
  ]),
  modelSpentUsd: counter<{ model: string; outcome: string }>(
    'afterword_model_spent_usd_total',
    'Dollars that calls cost by the prices set, as far as the provider told their tokens.',
    ['model', 'outcome'],
  ),
  modelBreakerOpen: gauge('afterword_model_breaker_open', '1 while the model is not called.'),
  modelConcurrency: gauge('afterword_model_concurrency', 'Calls allowed at the same time now.'),
  evidenceRejected: counter<{ stage: string; reason: string }>(
    'afterword_evidence_rejected_total',
    'Claims dropped because their evidence failed the check.',
    ['stage', 'reason'],
  ),
  answersReused: counter('afterword_answers_reused_total', 'Windows whose kept answer was used again.'),
} as const;

export const publishMetrics = {
  outboxRows: gauge('afterword_outbox_rows', 'Events written and not yet published.'),
  outboxAgeSeconds: gauge('afterword_outbox_oldest_age_seconds', 'Age of the oldest of them; 0: none waits.'),
  eventsPublished: counter<{ type: string }>('afterword_events_published_total', 'Result events published.', [
    'type',
  ]),
  eventsTruncated: counter<{ type: string }>(
    'afterword_events_truncated_total',
    'Events too large for the topic, cut to their ids.',
    ['type'],
  ),
  publishFailures: counter<{ code: string }>(
    'afterword_publish_failures_total',
    'Sends that failed, by code.',
    ['code'],
  ),
  publishSeconds: histogram('afterword_publish_seconds', 'Time to send a batch of events.', fastSeconds),
  vectorsIndexed: counter<{ kind: 'summary' | 'fact' }>(
    'afterword_vectors_indexed_total',
    'Vectors written.',
    ['kind'],
  ),
  summariesLinked: counter(
    'afterword_summaries_linked_total',
    'Pairs of summaries of one person that were found to say nearly the same.',
  ),
  vectorBacklog: gauge('afterword_vector_backlog_rows', 'Summaries and facts not yet in the vector index.'),
} as const;

export const processMetrics = {
  leasesHeld: gauge<{ lease: string }>('afterword_leases_held', '1 while this process holds the lease.', [
    'lease',
  ]),
  leasesLost: counter<{ lease: string }>('afterword_leases_lost_total', 'Leases that another process took.', [
    'lease',
  ]),
  databaseConnections: gauge<{ pool: string; state: 'busy' | 'idle' }>(
    'afterword_database_connections',
    'Connections of the pool.',
    ['pool', 'state'],
  ),
  databaseWaiting: gauge<{ pool: string }>(
    'afterword_database_waiting_requests',
    'Requests that wait for a connection.',
    ['pool'],
  ),
  databaseErrors: counter<{ code: string }>(
    'afterword_database_errors_total',
    'Failed statements, by SQLSTATE or code.',
    ['code'],
  ),
  loopTicks: counter<{ loop: string }>('afterword_loop_ticks_total', 'Rounds that a loop has made.', [
    'loop',
  ]),
  loopFailures: counter<{ loop: string; code: string }>(
    'afterword_loop_failures_total',
    'Rounds that failed, by the error’s code.',
    ['loop', 'code'],
  ),
  ready: gauge<{ check: string }>('afterword_ready', '1 while a readiness check holds.', ['check']),
  scrapeFailures: counter<{ collector: string }>(
    'afterword_scrape_failures_total',
    'Collectors that failed or did not answer in time.',
    ['collector'],
  ),
} as const;
