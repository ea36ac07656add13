import type { FieldSpec } from './fields.ts';

/**
 * Everything that is ever logged: `<noun>.<verb>` and its fields. A line that is not
 * in this list cannot be written, so the list is what an operator can search for.
 */
const processEvents = {
  'process.started': { version: 'name', pid: 'count' },
  'process.stopping': { signal: 'code?' },
  'process.stopped': { tookMs: 'ms' },
  'process.failed': {},
  /** A part that did not stop in time is left behind; its leases run out by themselves. */
  'stop.overdue': { part: 'name', waitedMs: 'ms' },
  'stop.failed': { part: 'name' },
  /** `windows`: what is stored is used; `extraction`: what is configured here is. */
  'settings.differed': {
    kind: 'code',
    setting: 'name',
    botId: 'id?',
    configured: 'name',
    stored: 'name',
  },
  'settings.applied': { runId: 'id', settings: 'count' },
  'loop.failed': { loop: 'name', retryInMs: 'ms?' },
  'lease.lost': { lease: 'name', epoch: 'count?' },
  'database.failed': { retryInMs: 'ms?' },
  'database.recovered': { awayMs: 'ms' },
} as const satisfies Record<string, FieldSpec>;

const consumeEvents = {
  'consumer.joined': { partitions: 'count' },
  'consumer.rejoined': { gained: 'count', kept: 'count', lost: 'count' },
  /** `reason` is a code; without `retryInMs` it does not come back by itself. */
  'consumer.failed': { reason: 'name?', retryInMs: 'ms?' },
  'producer.replaced': { reason: 'name' },
  'partition.assigned': { topic: 'name', partition: 'count', offset: 'offset?' },
  /** The stored position is below what this process stored: another copy of the database answers. */
  'position.set-back': { topic: 'name', partition: 'count', known: 'offset' },
  /** Kafka's committed offset is ahead of the stored one: reading begins there, without one at the log's start. */
  'partition.refilled': {
    topic: 'name',
    partition: 'count',
    committed: 'offset',
    stored: 'offset?',
    from: 'offset',
  },
  /** The log may be another one than was read, or is for sure: reading begins at its start. */
  'partition.restarted': { topic: 'name', partition: 'count', stored: 'offset', from: 'offset' },
  /** Where to begin could not be found out. */
  'position.failed': { reason: 'name', retryInMs: 'ms' },
  /** Durable here, but the group does not know; the next commit makes up for it. */
  'commit.lost': { topic: 'name', partition: 'count', offset: 'offset', reason: 'name' },
  /** The log does not go on where reading stood. */
  'offset.jumped': { topic: 'name', partition: 'count', from: 'offset', to: 'offset' },
  /** Retention took records that were never read. */
  'gap.recorded': { topic: 'name', partition: 'count', from: 'offset', to: 'offset' },
  'batch.stored': {
    topic: 'name',
    partition: 'count',
    records: 'count',
    messages: 'count',
    duplicates: 'count',
    tookMs: 'ms',
  },
  'batch.failed': {
    topic: 'name',
    partition: 'count',
    records: 'count',
    offset: 'offset?',
    retryInMs: 'ms?',
  },
  'batch.refused': { topic: 'name', partition: 'count', attempt: 'count', retryInMs: 'ms', reason: 'name' },
  'batch.halved': { topic: 'name', partition: 'count', records: 'count' },
  /** Of types that this version does not know. */
  'records.ignored': { topic: 'name', partition: 'count', records: 'count' },
  /** Their `sent_at` lay too far ahead: some clock is wrong. */
  'messages.clamped': { topic: 'name', partition: 'count', messages: 'count' },
  'records.dead-lettered': { topic: 'name', partition: 'count', records: 'count' },
  /** The records of some user come in two partitions: correct, but closing may be early. */
  'keys.scattered': { topic: 'name', partition: 'count', keys: 'count' },
} as const satisfies Record<string, FieldSpec>;

const windowEvents = {
  'window.closed': { windowId: 'id', reason: 'code', messages: 'count' },
  /** The database refused it, which is a fault of ours; the others close. */
  'closing.refused': { windowId: 'id', retryInMs: 'ms' },
  'window.superseded': { windowId: 'id', reason: 'code?' },
  'window.enriched': {
    windowId: 'id',
    revision: 'count',
    stages: 'count',
    failed: 'count',
    findings: 'count',
    tookMs: 'ms',
  },
  /** They were users before: what was learnt of them is taken back. */
  'bots.recognized': { bots: 'count', windows: 'count' },
  /** The model is back: what waited for it is due. */
  'windows.released': { windows: 'count' },
  'window.deferred': { windowId: 'id', revision: 'count', reason: 'code', code: 'name', retryInMs: 'ms?' },
  'window.failed': { windowId: 'id', revision: 'count', attempts: 'count', retryInMs: 'ms?' },
  'stage.failed': { windowId: 'id', revision: 'count', stage: 'name', attempts: 'count?' },
  'stage.ended-failed': { windowId: 'id', revision: 'count', stage: 'name', code: 'name' },
  'model.failed': { model: 'name', retryInMs: 'ms?', attempt: 'count?' },
  'model.paused': { model: 'name', reason: 'code', retryInMs: 'ms?' },
  'model.resumed': { model: 'name', pausedMs: 'ms' },
  'concurrency.changed': { from: 'count', to: 'count' },
} as const satisfies Record<string, FieldSpec>;

const publishEvents = {
  'outbox.published': { events: 'count', tookMs: 'ms' },
  'event.truncated': { eventId: 'id', type: 'name', size: 'bytes', limit: 'bytes' },
  /** Somebody has to make it; reading or publishing waits. */
  'topic.missed': { topic: 'name' },
  'topic.created': { topic: 'name', partitions: 'count' },
  /** Somebody has to allow it; reading waits. */
  'topic.refused': { topic: 'name', reason: 'name', retryInMs: 'ms?' },
} as const satisfies Record<string, FieldSpec>;

const serveEvents = {
  'server.started': { host: 'name', port: 'count' },
  'request.failed': { requestId: 'id', method: 'name', route: 'name', status: 'count' },
} as const satisfies Record<string, FieldSpec>;

export const events = {
  ...processEvents,
  ...consumeEvents,
  ...windowEvents,
  ...publishEvents,
  ...serveEvents,
} as const;

export type Events = typeof events;
export type EventName = keyof Events;
