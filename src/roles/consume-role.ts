import { closeUnread, closeWindows, type ClosingPass } from '../consume/close-windows.ts';
import type { ClosingStore } from '../consume/closing-store.ts';
import { Consumer } from '../consume/consumer.ts';
import type { DecodeRecord } from '../consume/decode-all.ts';
import type { MessageStore } from '../consume/message-store.ts';
import type { RecordSource } from '../consume/record-source.ts';
import type { PollingLoop } from '../polling-loop.ts';
import type { CheckOutcome } from '../serve/readiness.ts';
import type { Role } from './role.ts';
import { countdown, endsWithin } from './stop-in-turn.ts';
import { loopCheck, watchedLoop, type LoopContext } from './watched-loop.ts';

export interface ConsumeRoleOptions extends LoopContext {
  readonly source: RecordSource;
  readonly messagesTopic: string;
  /** Whether the log lets us read. */
  readonly reading: () => CheckOutcome;
  readonly store: MessageStore;
  readonly closing: ClosingStore;
  readonly decode: DecodeRecord;
  readonly owner: string;
  readonly graceMs: number;
  readonly pause: (ms: number) => Promise<void>;
  /** Windows were closed: the extraction loop has work. */
  readonly onClosed: () => void;
}

const leaseMs = 10_000;
const closerBatch = 500;
/** How often a window that event time may end is looked for when nothing wakes the closer. */
const closerPollMs = 250;
/** Well within the 5 s for which "caught up" holds. */
const progressPollMs = 1_000;

/** Partitions without a reader are rare, and nobody is in a hurry there. */
const unreadPollMs = 15_000;

/** Loop 1, with the closer and the poll of the log's end beside it. */
export function createConsumeRole(options: ConsumeRoleOptions): Role {
  const closer: PollingLoop = watchedLoop(options, 'closer', () => close());
  const progress = watchedLoop(options, 'progress', () => noteProgress());
  const unread = watchedLoop(options, 'unread-partitions', () => closeUnreadOnes());
  const consumer = new Consumer({
    ...options,
    onStored: () => {
      closer.wake();
    },
  });

  const { owner, graceMs } = options;
  const closerOptions = { owner, graceMs, leaseMs, batchSize: closerBatch };

  async function close(): Promise<{ nextInMs: number }> {
    const pass = await closeWindows(options.closing, consumer.assigned, closerOptions);
    report(pass);
    if (pass.full) return { nextInMs: 0 };
    return { nextInMs: Math.min(closerPollMs, Math.max(1, pass.nextDueInMs ?? closerPollMs)) };
  }

  async function closeUnreadOnes(): Promise<{ nextInMs: number }> {
    const { closing, source, messagesTopic } = options;
    const pass = await closeUnread(closing, messagesTopic, await source.partitions(), {
      ...closerOptions,
      // Kept between passes, so that others need not ask the same.
      leaseMs: 2 * unreadPollMs,
    });
    report(pass);
    return { nextInMs: pass.full ? 0 : unreadPollMs };
  }

  function report(pass: ClosingPass): void {
    const { metrics, logger } = options;
    for (const window of pass.closed) {
      metrics.windowsClosed.add(1, { reason: window.closeReason });
      const { windowId, closeReason: reason, messageCount: messages } = window;
      logger.debug('window.closed', { windowId, reason, messages });
    }
    for (const { windowId, retryInMs, error } of pass.refused) {
      metrics.closingsRefused.add(1);
      logger.failure('closing.refused', error, { windowId, retryInMs });
    }
    if (pass.closed.length > 0) options.onClosed();
  }

  async function noteProgress(): Promise<{ nextInMs: number }> {
    const { closing, metrics } = options;
    const partitions = await consumer.progress();
    await closing.markCaughtUp(partitions.filter(({ position, endOffset }) => position >= endOffset));
    for (const { topic, partition, position, endOffset } of partitions) {
      const lag = endOffset > position ? Number(endOffset - position) : 0;
      metrics.lagRecords.set(lag, { topic, partition });
    }
    closer.wake();
    return { nextInMs: progressPollMs };
  }

  return {
    name: 'consume',
    checks: [
      loopCheck(closer),
      loopCheck(progress),
      loopCheck(unread),
      {
        name: 'consumer',
        check: () =>
          Promise.resolve(
            consumer.outage === undefined ? options.reading() : { ok: false, reason: consumer.outage },
          ),
      },
    ],
    start: async () => {
      closer.start();
      progress.start();
      unread.start();
      await consumer.start();
    },
    stop: async (deadlineMs) => {
      const left = countdown(deadlineMs, () => options.clock.nowMs());
      // A log or a database that hangs must not keep the leases.
      await endsWithin(consumer.stop(), left(), options.pause);
      const loops = Promise.all([progress.stop(), unread.stop(), closer.stop()]);
      await endsWithin(loops, left(), options.pause);
      await options.closing.releaseLeases(options.owner).catch(() => undefined);
    },
  };
}
