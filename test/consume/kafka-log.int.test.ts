import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { createStickyAssigner } from '../../src/adapters/kafka/sticky-assigner.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { openStoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { LogHarness } from './log-harness.ts';

/** What the log may do to its reader: the consumer over a real Kafka and a real Postgres loses nothing. */
describeWithKafka('a consumer over a Kafka that', (brokers) => {
  let log: LogHarness;

  beforeAll(async () => {
    log = await LogHarness.open(brokers);
  });
  beforeEach(() => log.begin());
  afterEach(() => log.end());
  afterAll(() => log.close());

  it.each([
    ['fewer', 3],
    ['more', 25],
  ])(
    'deletes the topic and makes it anew under it, with %s records than before',
    async (_which, count) => {
      await log.consume();
      await log.publish(10);
      await log.allStored(10);
      await log.committedUpTo(10);
      await log.makeAnew();
      await log.publish(count);
      await log.allStored(10 + count);
      await log.publish(2);
      await log.allStored(12 + count);
      await log.committedUpTo(count + 2);
      // How it was found out decides how loud it is told, and whether some of it was stored before.
      expect(log.told('partition.restarted')[0]).toMatchObject({ from: '0' });
      expect(log.told('partition.restarted')[0]?.['level']).toMatch(/^(warn|error)$/);
      expect(await log.members()).toBe(12 + count);
      expect(await log.store.rows('select 1 from afterword.dead_letters')).toEqual([]);
    },
    120_000,
  );

  it.each([
    ['fewer', 3],
    ['more', 25],
  ])(
    'makes the topic anew while nobody reads, with %s records than before',
    async (_which, count) => {
      const before = await log.consume();
      await log.publish(10);
      await log.allStored(10);
      await log.committedUpTo(10);
      await before.stop();
      await log.makeAnew();
      await log.publish(count);
      await log.consume();
      await log.allStored(10 + count);
      await log.committedUpTo(count);
      // Fewer: surely another log. More: it might be the old one, whose offset has expired.
      const level = count < 10 ? 'error' : 'warn';
      expect(log.told('partition.restarted')).toMatchObject([{ level, stored: '10', from: '0' }]);
      expect(await log.alarms()).toEqual(['restarted 1']);
      expect(await log.members()).toBe(10 + count);
    },
    120_000,
  );

  it('forgets the offset of its group: all is read again, and no row is doubled', async () => {
    const before = await log.consume();
    await log.publish(10);
    await log.allStored(10);
    await log.committedUpTo(10);
    await before.stop();
    await log.admin.deleteGroups([log.topic]);
    await log.publish(5);
    await log.consume();
    await log.allStored(15);
    await log.committedUpTo(15);
    expect(log.told('partition.restarted')).toMatchObject([{ level: 'warn', stored: '10', from: '0' }]);
    const [windows] = await log.store.rows(
      'select sum(message_count)::int as members from afterword.windows',
    );
    expect(windows).toEqual({ members: 15 });
  }, 120_000);

  it('cuts off what was not read yet: the gap is recorded, the rest is read', async () => {
    const before = await log.consume();
    await log.publish(3);
    await log.allStored(3);
    await log.committedUpTo(3);
    await before.stop();
    await log.publish(7);
    await log.cutBelow(8);
    await log.consume();
    await log.allStored(5);
    const gaps = await log.store.rows('select from_offset, to_offset, reason from afterword.log_gaps');
    expect(gaps).toEqual([{ from_offset: '3', to_offset: '8', reason: 'retention' }]);
    expect(log.told('gap.recorded')).toMatchObject([{ level: 'error', from: '3', to: '8' }]);
    expect(await log.metrics.render()).toMatch(/^afterword_log_gaps_total\{topic="[^"]+"\} 1$/m);
    expect(await log.members()).toBe(5);
    await log.committedUpTo(10);
  }, 120_000);

  it('cuts off all that was not read yet: the gap is told once, however often somebody begins to read', async () => {
    const before = await log.consume();
    await log.publish(3);
    await log.allStored(3);
    await log.committedUpTo(3);
    await before.stop();
    await log.publish(7);
    await log.cutBelow(10);
    for (let begun = 0; begun < 2; begun++) {
      const reader = await log.consume();
      await until('the end', async () => (await reader.source.progress())[0]?.position === 10n);
      await reader.stop();
    }
    const gaps = await log.store.rows('select from_offset, to_offset from afterword.log_gaps');
    expect(gaps).toEqual([{ from_offset: '3', to_offset: '10' }]);
    expect(log.told('gap.recorded')).toHaveLength(1);
    await log.publish(2);
    await log.consume();
    await log.allStored(5);
    await log.committedUpTo(12);
    expect(log.told('gap.recorded')).toHaveLength(1);
  }, 120_000);

  it('cuts off what a reader at work did not read yet: the gap is recorded, the rest is read', async () => {
    const { source } = await log.consume();
    await log.publish(3);
    await log.allStored(3);
    await log.committedUpTo(3);
    const all = [{ topic: log.topic, partition: 0 }];
    source.pause(all);
    await log.publish(7);
    await log.cutBelow(8);
    source.resume(all);
    await log.allStored(5);
    await log.committedUpTo(10);
    const gaps = await log.store.rows('select from_offset, to_offset, reason from afterword.log_gaps');
    expect(gaps).toEqual([{ from_offset: '3', to_offset: '8', reason: 'retention' }]);
    expect(log.told('gap.recorded')).toMatchObject([{ level: 'error', from: '3', to: '8' }]);
    expect(await log.metrics.render()).toMatch(/^afterword_log_gaps_total\{topic="[^"]+"\} 1$/m);
    expect(await log.alarms()).toEqual([]);
    expect(await log.members()).toBe(5);
  }, 120_000);

  it('knows more than a Postgres that was restored from an older copy: it is filled again', async () => {
    const older = await openStoreHarness();
    await older.begin();
    try {
      await log.publish(5);
      const copying = await log.consume(older, `${log.topic}-copy`);
      await log.allStored(5, older);
      await copying.stop();
      const before = await log.consume();
      await log.publish(5);
      await log.allStored(10);
      await log.committedUpTo(10);
      await before.stop();
      log.logged = [];
      const restored = await log.consume(older);
      await log.allStored(10, older);
      expect(log.told('partition.refilled')).toMatchObject([
        { level: 'error', committed: '10', stored: '5', from: '5' },
      ]);
      await restored.stop();
    } finally {
      await older.close();
    }
  }, 120_000);

  it('knows more than a Postgres that was restored from before its first record: all is filled again', async () => {
    const restore = await log.store.copyTables();
    const before = await log.consume();
    await log.publish(5);
    await log.allStored(5);
    await log.committedUpTo(5);
    await before.stop();
    await restore();
    expect(await log.stored()).toBe(0);
    const restored = await log.consume();
    await log.allStored(5);
    expect(await log.members()).toBe(5);
    const [told] = log.told('partition.refilled');
    expect(told).toMatchObject({ level: 'error', committed: '5', from: '0' });
    expect(told).not.toHaveProperty('stored');
    // Once: from its first batch on the position is stored again.
    await restored.stop();
    await log.consume();
    await log.publish(1);
    await log.allStored(6);
    expect(log.told('partition.refilled')).toHaveLength(1);
    expect(await log.alarms()).toEqual(['refilled 1']);
  }, 120_000);

  it.each([
    [5, 'with the next record'],
    [5, 'without one'],
    [0, 'with the next record'],
    [0, 'without one'],
  ])(
    'knows more than a Postgres that is set back under it to a copy with %s messages: it is filled again, %s',
    async (copied, how) => {
      let restore = await log.store.copyTables();
      await log.consume();
      await log.publish(5);
      await log.allStored(5);
      if (copied === 5) restore = await log.store.copyTables();
      await log.publish(5);
      await log.allStored(10);
      if (how === 'without one') await log.committedUpTo(10);
      await restore();
      if (how === 'with the next record') await log.publish(1);
      await log.allStored(how === 'without one' ? 10 : 11);
      expect(await log.members()).toBe(how === 'without one' ? 10 : 11);
      expect(await log.store.rows('select bot_id from afterword.bots')).toEqual([{ bot_id: 'aria' }]);
      expect(log.told('position.set-back')).toMatchObject([{ level: 'error', known: '10' }]);
      if (how === 'with the next record') return;
      expect(log.told('partition.refilled')).toMatchObject([
        { level: 'error', committed: '10', from: String(copied) },
      ]);
      expect((await log.alarms()).sort()).toEqual(['refilled 1', 'set-back 1']);
    },
    120_000,
  );

  it('has its offset moved ahead by another tool while nobody reads', async () => {
    const before = await log.consume();
    await log.publish(4);
    await log.allStored(4);
    await log.committedUpTo(4);
    await before.stop();
    await log.publish(6);
    const { topic } = log;
    await log.admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: '9' }] });
    await log.consume();
    await log.allStored(10);
    expect(log.told('partition.refilled')).toMatchObject([{ committed: '9', stored: '4' }]);
  }, 120_000);

  it('takes a stranger’s commit ahead of ours, from a member of our own group', async () => {
    await log.begin(2);
    const { topic } = log;
    const ours = await log.consume();
    await log.publish(3);
    await log.allStored(3);
    const stranger = log.kafka.consumer({
      groupId: topic,
      partitionAssigners: [createStickyAssigner(() => [])],
    });
    await stranger.connect();
    await stranger.subscribe({ topics: [topic] });
    await stranger.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
    await until('a partition each', () => ours.consumer.assigned.length === 1, { everyMs: 50 });
    const mine = ours.consumer.assigned[0]?.partition ?? 0;
    const ahead = { topic, partition: mine, offset: '1000' };
    await until('the commit to be taken', () =>
      stranger.commitOffsets([ahead]).then(
        () => true,
        () => false,
      ),
    );
    const before = await log.stored();
    await log.publish(4, mine);
    await log.allStored(before + 4);
    const position = (mine === 0 ? 3 : 0) + 4;
    // What we have read stands over the stranger's word.
    await log.committedUpTo(position, mine);
    await ours.stop();
    await until('the commit to be taken once more', () =>
      stranger.commitOffsets([ahead]).then(
        () => true,
        () => false,
      ),
    );
    await stranger.disconnect();
    await log.committedUpTo(1_000, mine);
    // Whoever comes next does not believe it either, and says so.
    log.logged = [];
    await log.publish(4, mine);
    await log.consume();
    await log.allStored(before + 8);
    expect(log.told('partition.refilled')).toMatchObject([
      { level: 'error', partition: mine, committed: '1000', stored: `${position}`, from: `${position}` },
    ]);
  }, 120_000);
});
