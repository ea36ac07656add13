import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import type { PartitionReadProgress, RecordSource } from '../../src/consume/record-source.ts';
import type { OutgoingRecord, RecordSink } from '../../src/publish/record-sink.ts';
import type { TopicAdmin } from '../../src/publish/topic-admin.ts';
import { uniqueTopic } from '../support/kafka-suite.ts';
import { LogRecorder, until } from './log-recorder.ts';
import type { LogUnderTest } from './log-under-test.ts';

/** What every log promises, whatever it is made of. Called inside a `describe`. */
export function defineLogContract(open: () => Promise<LogUnderTest>): void {
  let log: LogUnderTest;
  let sink: RecordSink;
  let admin: TopicAdmin;
  let cleanUps: (() => unknown)[] = [];

  beforeAll(async () => {
    log = await open();
    sink = log.createSink();
    admin = log.createAdmin();
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
    cleanUps = [];
  });
  afterAll(async () => {
    await sink.stop();
    await admin.stop();
    await log.close();
  });

  async function makeTopic(partitions = 1): Promise<string> {
    const topic = uniqueTopic('contract');
    await admin.ensureTopic(topic, partitions);
    return topic;
  }

  async function join(topic: string, groupId: string, recorder = new LogRecorder()): Promise<Member> {
    const source = log.createSource({ topic, groupId });
    cleanUps.push(() => source.stop());
    await source.start(recorder);
    return { source, recorder };
  }

  const committed = async (topic: string, groupId: string): Promise<(bigint | undefined)[]> =>
    (await admin.offsets(topic, groupId)).map((offsets) => offsets.committed);

  const hasReadAll = async (topic: string, groupId: string): Promise<boolean> =>
    (await admin.offsets(topic, groupId)).every(({ end, committed: at }) => at === end);

  it('delivers what was sent byte by byte, with its offset, key, time and headers', async () => {
    const topic = await makeTopic();
    const binary = Buffer.from([0, 255, 254, 0, 10, 0xc3, 0x28]);
    await sink.send([
      {
        topic,
        key: binary,
        value: binary,
        headers: [
          { name: 'ce_id', value: Buffer.from('1') },
          { name: 'twice', value: Buffer.from('a') },
          { name: 'twice', value: binary },
          { name: 'empty', value: Buffer.alloc(0) },
        ],
        timestampMs: 1_700_000_000_123,
      },
      { topic, key: null, value: null, headers: [] },
      { topic, key: '', value: '', headers: [] },
      { topic, key: 'ключ', value: 'смысл 🙂', headers: [{ name: 'toString', value: binary }] },
    ]);
    const { recorder } = await join(topic, 'bytes');
    await until('four records', () => recorder.records.length === 4);
    const [first, second, third, fourth] = recorder.records;
    expect(first).toEqual({
      topic,
      partition: 0,
      offset: 0n,
      timestampMs: 1_700_000_000_123,
      key: binary,
      value: binary,
      headers: [
        { name: 'ce_id', value: Buffer.from('1') },
        { name: 'twice', value: Buffer.from('a') },
        { name: 'twice', value: binary },
        { name: 'empty', value: Buffer.alloc(0) },
      ],
    });
    expect(second).toMatchObject({ offset: 1n, key: null, value: null, headers: [] });
    expect(Math.abs((second?.timestampMs ?? 0) - Date.now())).toBeLessThan(600_000);
    expect(third).toMatchObject({ offset: 2n, key: Buffer.alloc(0), value: Buffer.alloc(0) });
    expect(fourth).toMatchObject({
      key: Buffer.from('ключ'),
      value: Buffer.from('смысл 🙂'),
      headers: [{ name: 'toString', value: binary }],
    });
  });

  it('keeps the order of a key over many sends at once, each key in one partition', async () => {
    const topic = await makeTopic(4);
    const keys = ['ann', 'bob', 'cid', 'dora', 'eve', 'finn'];
    const sends = range(40).map((n) => sink.send(keys.map((key) => textRecord(topic, key, `${key} ${n}`))));
    await Promise.all(sends);
    const { recorder } = await join(topic, 'order');
    await until('all records', () => recorder.records.length === 240);
    for (const key of keys) {
      const records = recorder.records.filter((record) => record.key?.toString() === key);
      expect(records.map((record) => record.value?.toString())).toEqual(range(40).map((n) => `${key} ${n}`));
      expect(new Set(records.map((record) => record.partition)).size).toBe(1);
    }
    expect(new Set(recorder.records.map((record) => record.partition)).size).toBeGreaterThan(1);
    for (const batch of recorder.offered) expect(batch.nextOffset).toBe(lastOffset(batch) + 1n);
  });

  it('delivers a refused batch again until it is taken, and nothing behind it before', async () => {
    const topic = await makeTopic();
    const recorder = new LogRecorder();
    let refusals = 3;
    recorder.before = () => (refusals-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve());
    await sink.send([textRecord(topic, 'a', '0'), textRecord(topic, 'a', '1')]);
    await join(topic, 'refusing', recorder);
    await until('a first refusal', () => recorder.offered.length > 0);
    await sink.send([textRecord(topic, 'a', '2')]);
    await until('all three', () => recorder.records.length === 3);
    expect(recorder.values()).toEqual(['0', '1', '2']);
    for (const batch of recorder.offered.slice(0, 4)) expect(batch.records[0]?.offset).toBe(0n);
    await until('the commit', () => hasReadAll(topic, 'refusing'));
  });

  it('commits a batch only after it was taken', async () => {
    const topic = await makeTopic();
    await sink.send([textRecord(topic, 'a', '0'), textRecord(topic, 'a', '1')]);
    const recorder = new LogRecorder();
    const gate = new Gate();
    recorder.before = () => gate.opened;
    await join(topic, 'commit', recorder);
    await until('a batch in hand', () => recorder.offered.length === 1);
    expect(await committed(topic, 'commit')).toEqual([undefined]);
    gate.open();
    await until('the commit', async () => (await committed(topic, 'commit'))[0] === 2n);
  });

  it('goes on at the committed offset after a restart', async () => {
    const topic = await makeTopic(2);
    await sink.send(range(20).map((n) => textRecord(topic, `k${n}`, `before ${n}`)));
    const first = await join(topic, 'restart');
    await until('all records', () => first.recorder.records.length === 20);
    await first.source.stop();
    await sink.send(range(20).map((n) => textRecord(topic, `k${n}`, `after ${n}`)));
    const second = await join(topic, 'restart');
    await until('the new records', () => second.recorder.records.length === 20);
    expect(second.recorder.values().every((value) => value.startsWith('after'))).toBe(true);
    expect(second.recorder.starts.map(({ committed: at, logStart }) => [at !== undefined, logStart])).toEqual(
      [
        [true, 0n],
        [true, 0n],
      ],
    );
  });

  it('asks once for each gained partition where to start, before its first batch, and starts there', async () => {
    const topic = await makeTopic(2);
    await sink.send(range(40).map((n) => textRecord(topic, `k${n}`, String(n))));
    const recorder = new LogRecorder();
    recorder.choose = ({ partition }) => (partition === 0 ? 3n : undefined);
    recorder.before = ({ partition }) =>
      recorder.starts.some((start) => start.partition === partition)
        ? Promise.resolve()
        : Promise.reject(new Error('not asked yet'));
    await join(topic, 'choose', recorder);
    await until('everything', () => hasReadAll(topic, 'choose'));
    expect(firstOffsets(recorder)).toEqual(new Map([[0, 3n], [1, 0n]])); // prettier-ignore
    expect(recorder.starts.map((start) => start.partition).sort()).toEqual([0, 1]);
    const ends = await admin.offsets(topic, 'choose');
    for (const start of recorder.starts) {
      const logEnd = ends[start.partition]?.end;
      expect(start).toMatchObject({ topic, committed: undefined, logStart: 0n, logEnd });
    }
  });

  it('reads again what was committed when it is told to start earlier', async () => {
    const topic = await makeTopic();
    await sink.send(range(10).map((n) => textRecord(topic, 'a', String(n))));
    const first = await join(topic, 'rewind');
    await until('all committed', () => hasReadAll(topic, 'rewind'));
    await first.source.stop();
    const again = new LogRecorder();
    again.choose = () => 4n;
    await join(topic, 'rewind', again);
    await until('the rest again', () => again.records.length === 6);
    expect(again.values()).toEqual(['4', '5', '6', '7', '8', '9']);
    expect(again.starts).toEqual([{ topic, partition: 0, committed: 10n, logStart: 0n, logEnd: 10n }]);
  });

  it('starts at the beginning when it is told a place that the log does not have', async () => {
    const topic = await makeTopic();
    await sink.send([textRecord(topic, 'a', '0')]);
    const recorder = new LogRecorder();
    recorder.choose = () => 1_000n;
    await join(topic, 'beyond', recorder);
    await until('the record', () => recorder.records.length === 1);
  });

  it('asks for a position again when it is told to, after the batch in hand, and reads on from there', async () => {
    const topic = await makeTopic();
    const recorder = new LogRecorder();
    const { source } = await join(topic, 'again', recorder);
    await sink.send(range(3).map((n) => textRecord(topic, 'k', String(n))));
    await until('the records', () => recorder.records.length === 3);
    recorder.choose = () => 1n;
    source.chooseAgain([{ topic, partition: 0 }]);
    await until('two of them again', () => recorder.records.length === 5);
    expect(recorder.values()).toEqual(['0', '1', '2', '1', '2']);

    const gate = new Gate();
    recorder.before = () => gate.opened;
    recorder.choose = () => 2n;
    await sink.send([textRecord(topic, 'k', '3')]);
    await until('a batch in hand', () => recorder.offered.at(-1)?.records[0]?.offset === 3n);
    source.chooseAgain([{ topic, partition: 0 }]);
    gate.open();
    await until('what comes from there', () => recorder.records.length === 8);
    expect(recorder.values().slice(5)).toEqual(['3', '2', '3']);
  });

  it('holds a paused partition back until it is resumed, while others go on', async () => {
    const topic = await makeTopic(2);
    const { source, recorder } = await join(topic, 'pause');
    await until('both partitions', () => recorder.starts.length === 2);
    source.pause([{ topic, partition: 0 }]);
    await sink.send(range(40).map((n) => textRecord(topic, `k${n}`, String(n))));
    const ends = await admin.offsets(topic, 'pause');
    await until('the other partition', () => BigInt(recorder.values(1).length) === ends[1]?.end);
    expect(recorder.values(0)).toEqual([]);
    source.resume([{ topic, partition: 0 }]);
    await until('the resumed one', () => BigInt(recorder.values(0).length) === ends[0]?.end);
  });

  it('tells for each partition its end and how far reading has come', async () => {
    const topic = await makeTopic(2);
    const recorder = new LogRecorder();
    const gate = new Gate();
    recorder.before = () => gate.opened;
    const { source } = await join(topic, 'progress', recorder);
    await until('both partitions', async () => (await source.progress()).length === 2);
    await sink.send(range(30).map((n) => textRecord(topic, `k${n}`, String(n))));
    await until('batches in hand', () => recorder.offered.length === 2);
    const behind = await source.progress();
    expect(behind.map(({ position }) => position)).toEqual([0n, 0n]);
    expect(behind.reduce((sum, { endOffset }) => sum + endOffset, 0n)).toBe(30n);
    gate.open();
    await until('caught up', async () => (await source.progress()).every(isCaughtUp));
  });

  it('shares the partitions among members and loses or repeats nothing while they come and go', async () => {
    const topic = await makeTopic(4);
    const groupId = 'sharing';
    const first = await join(topic, groupId);
    await sink.send(range(200).map((n) => textRecord(topic, `k${n}`, `one ${n}`)));
    await until('the first two hundred', () => hasReadAll(topic, groupId));
    const second = await join(topic, groupId);
    const counts = (): number[] => [first.recorder.assigned.length, second.recorder.assigned.length];
    await until('two partitions each', () => counts().join() === '2,2');
    await sink.send(range(200).map((n) => textRecord(topic, `k${n}`, `two ${n}`)));
    await until('the next two hundred', () => hasReadAll(topic, groupId));
    await first.source.stop();
    expect(first.recorder.assigned).toEqual([]);
    await until('all four', () => second.recorder.assigned.length === 4);
    await sink.send(range(200).map((n) => textRecord(topic, `k${n}`, `three ${n}`)));
    await until('the last two hundred', () => hasReadAll(topic, groupId));
    const read = [...first.recorder.values(), ...second.recorder.values()];
    const sent = ['one', 'two', 'three'].flatMap((part) => range(200).map((n) => `${part} ${n}`));
    expect(read.sort()).toEqual(sent.sort());
    expect(first.recorder.starts).toHaveLength(4);
  });

  it('takes over from a member that was killed', async () => {
    const topic = await makeTopic(2);
    const groupId = 'killing';
    const victim = startMember(log.memberArguments({ topic, groupId }));
    cleanUps.push(() => victim.process.kill('SIGKILL'));
    await until('the other process holds both', () => victim.lastLine() === 'holds 2');
    victim.process.kill('SIGKILL');
    const { recorder } = await join(topic, groupId);
    await sink.send(range(20).map((n) => textRecord(topic, `k${n}`, String(n))));
    await until('all records here', () => new Set(recorder.values()).size === 20, 45_000);
    expect(recorder.assigned).toHaveLength(2);
  });

  it('finishes and commits the batch in hand when it is stopped, and stops once', async () => {
    const topic = await makeTopic();
    await sink.send([textRecord(topic, 'a', '0')]);
    const recorder = new LogRecorder();
    const gate = new Gate();
    recorder.before = () => gate.opened;
    const { source } = await join(topic, 'stopping', recorder);
    await until('a batch in hand', () => recorder.offered.length === 1);
    const stopped = Promise.all([source.stop(), source.stop()]);
    gate.open();
    await stopped;
    expect(recorder.values()).toEqual(['0']);
    expect(await committed(topic, 'stopping')).toEqual([1n]);
    await source.stop();
  });

  it('waits for a topic that is missing, and reads it once it is there', async () => {
    const topic = uniqueTopic('contract-late');
    const { source, recorder } = await join(topic, 'late');
    expect(await source.progress()).toEqual([]);
    await admin.ensureTopic(topic, 1);
    await sink.send([textRecord(topic, 'a', 'at last')]);
    await until('the record', () => recorder.values().includes('at last'));
  });

  it('describes topics, makes missing ones once, and leaves those that exist', async () => {
    const topic = uniqueTopic('contract-admin');
    expect(await admin.describe(topic)).toMatchObject({ name: topic, exists: false, partitions: 0 });
    expect(await admin.ensureTopic(topic, 3)).toBe(true);
    expect(await admin.ensureTopic(topic, 5)).toBe(false);
    expect(await admin.describe(topic)).toMatchObject({ exists: true, partitions: 3, compacted: false });
    await sink.send(range(9).map((n) => textRecord(topic, `k${n}`, String(n))));
    const offsets = await admin.offsets(topic, 'nobody');
    expect(offsets.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(offsets.reduce((sum, { end, start }) => sum + end - start, 0n)).toBe(9n);
    expect(offsets.every((partition) => partition.committed === undefined)).toBe(true);
  });

  it('names a topic that is missing when it is written to or asked for offsets', async () => {
    const topic = uniqueTopic('contract-missing');
    await expect(sink.send([textRecord(topic, 'a', '0')])).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    await expect(admin.offsets(topic, 'g')).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    const there = await makeTopic();
    await sink.send([textRecord(there, 'a', 'the sink still works')]);
    expect((await admin.offsets(there, 'g'))[0]?.end).toBe(1n);
  });

  it('carries many records and large ones in one send, and refuses one that is too large', async () => {
    const topic = await makeTopic(2);
    const large = range(6).map((n) => textRecord(topic, `large ${n}`, String(n).repeat(700_000)));
    const small = range(5_000).map((n) => textRecord(topic, `k${n}`, String(n)));
    await sink.send([...large, ...small]);
    const { recorder } = await join(topic, 'large');
    await until('all of them', () => recorder.records.length === 5_006);
    expect(recorder.records.filter((record) => record.value?.length === 700_000)).toHaveLength(6);
    const tooLarge = sink.send([textRecord(topic, 'a', 'x'.repeat(2_000_000))]);
    await expect(tooLarge).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    await sink.send([textRecord(topic, 'a', 'the sink still works')]);
    await until('the next one', () => recorder.values().includes('the sink still works'));
  });

  it('refuses to send after it was stopped', async () => {
    const topic = await makeTopic();
    const stopped = log.createSink();
    await stopped.send([textRecord(topic, 'a', '0')]);
    await stopped.stop();
    await expect(stopped.send([textRecord(topic, 'a', '1')])).rejects.toMatchObject({ code: 'LOG_STOPPED' });
    expect((await admin.offsets(topic, 'g'))[0]?.end).toBe(1n);
  });
}

interface Member {
  readonly source: RecordSource;
  readonly recorder: LogRecorder;
}

/** Holds back whoever waits for it until it is opened. */
class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

function startMember(args: string[]): { process: ChildProcess; lastLine: () => string | undefined } {
  const script = fileURLToPath(new URL('./log-member.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  return { process: child, lastLine: () => output.trim().split('\n').at(-1) };
}

function textRecord(topic: string, key: string, value: string): OutgoingRecord {
  return { topic, key, value, headers: [] };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

function lastOffset(batch: { records: readonly { offset: bigint }[] }): bigint {
  return batch.records.at(-1)?.offset ?? -1n;
}

function firstOffsets(recorder: LogRecorder): Map<number, bigint> {
  const firsts = new Map<number, bigint>();
  for (const { partition, offset } of recorder.records) {
    if (!firsts.has(partition)) firsts.set(partition, offset);
  }
  return new Map([...firsts].sort(([a], [b]) => a - b));
}

function isCaughtUp({ position, endOffset }: PartitionReadProgress): boolean {
  return position === endOffset;
}
