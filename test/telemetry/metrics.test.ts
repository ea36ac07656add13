import { describe, expect, it, vi } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';

it('counts, sets and observes under its names', async () => {
  const metrics = createMetrics();
  metrics.records.add(5, { topic: 'bot.messages', outcome: 'message' });
  metrics.records.add(1, { topic: 'bot.messages', outcome: 'duplicate' });
  metrics.windowsClosed.add(2, { reason: 'gap' });
  metrics.windowsOpen.set(7);
  metrics.batchSeconds.observe(0.02);
  const text = await metrics.render();
  expect(text).toContain('afterword_records_consumed_total{topic="bot.messages",outcome="message"} 5');
  expect(text).toContain('afterword_records_consumed_total{topic="bot.messages",outcome="duplicate"} 1');
  expect(text).toContain('afterword_windows_closed_total{reason="gap"} 2');
  expect(text).toContain('afterword_windows_open 7');
  expect(text).toContain('afterword_batch_seconds_bucket{le="0.025"} 1');
  expect(text).toContain('afterword_batch_seconds_bucket{le="0.01"} 0');
});

it('forgets the gauge of a partition that is gone', async () => {
  const metrics = createMetrics();
  metrics.lagRecords.set(3, { topic: 't', partition: 0 });
  metrics.lagRecords.set(4, { topic: 't', partition: 1 });
  metrics.lagRecords.remove({ topic: 't', partition: 0 });
  expect(await metrics.render()).not.toContain('partition="0"');
  expect(await metrics.render()).toContain('afterword_partition_lag_records{topic="t",partition="1"} 4');
  metrics.lagRecords.clear();
  expect(await metrics.render()).not.toContain('afterword_partition_lag_records{');
});

it('keeps two registries apart', async () => {
  const [one, other] = [createMetrics({ withProcess: true }), createMetrics({ withProcess: true })];
  one.windowsOpened.add(1);
  expect(await one.render()).toContain('afterword_windows_opened_total 1');
  expect(await other.render()).toContain('afterword_windows_opened_total 0');
  expect(await other.render()).toContain('process_cpu_seconds_total');
});

it('names every metric by the same rules, and labels none with a person', async () => {
  const text = await createMetrics().render();
  const declared = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
  }));
  expect(declared.length).toBeGreaterThan(40);
  expect(declared.filter(({ name }) => !/^afterword_[a-z][a-z_]+$/.test(name))).toEqual([]);
  expect(declared.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total'))).toEqual([]);
  expect(declared.filter(({ name, type }) => type === 'histogram' && !name.endsWith('_seconds'))).toEqual([]);
});

it('takes no label outside the list by type', () => {
  const metrics = createMetrics();
  expect(() => {
    // @ts-expect-error -- a user is no label
    metrics.records.add(1, { topic: 't', outcome: 'message', user: 'ann' });
  }).toThrow();
  // @ts-expect-error -- not an outcome
  metrics.records.add(1, { topic: 't', outcome: 'lost' });
  // @ts-expect-error -- the labels are missing
  metrics.records.add(1);
});

describe('collectors', () => {
  it('bring gauges up to date before each scrape, until they are taken out', async () => {
    const metrics = createMetrics();
    let rows = 0;
    const remove = metrics.addCollector('outbox', () => {
      metrics.outboxRows.set(++rows);
      return Promise.resolve();
    });
    expect(await metrics.render()).toContain('afterword_outbox_rows 1');
    expect(await metrics.render()).toContain('afterword_outbox_rows 2');
    remove();
    expect(await metrics.render()).toContain('afterword_outbox_rows 2');
  });

  it('that fail are counted, and run again at the next scrape', async () => {
    const metrics = createMetrics();
    let runs = 0;
    metrics.addCollector('broken', () => {
      runs++;
      throw new Error('planted');
    });
    await metrics.render();
    const text = await metrics.render();
    expect(text).toContain('afterword_scrape_failures_total{collector="broken"} 2');
    expect(runs).toBe(2);
  });

  it('that hang hold up no scrape, are told to stop and are not started twice', async () => {
    const metrics = createMetrics({ collectTimeoutMs: 20 });
    const signals: AbortSignal[] = [];
    let release = (): void => undefined;
    metrics.addCollector('hanging', (signal) => {
      signals.push(signal);
      return new Promise<void>((resolve) => (release = resolve));
    });
    await metrics.render();
    await metrics.render();
    expect(signals).toHaveLength(1);
    expect(signals[0]?.aborted).toBe(true);
    expect(await metrics.render()).toContain('afterword_scrape_failures_total{collector="hanging"} 3');
    release();
    await vi.waitFor(async () => {
      await metrics.render();
      expect(signals).toHaveLength(2);
    });
  });
});
