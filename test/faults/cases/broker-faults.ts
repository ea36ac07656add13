import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { FaultLine } from '../harness/fault-line.ts';
import { waitForRest } from '../harness/rest.ts';
import type { FaultCase } from './fault-case.ts';

/** Who dies while it fills the index leaves it to nobody for so long. */
const vectorLeaseMs = 120_000;
const shortMs = 5_000;
const longMs = 60_000;

/** Crashed, not stopped in good order: nobody is told. */
async function crashBroker(line: FaultLine, awayMs: number): Promise<void> {
  const { broker } = line.services;
  await broker.crash();
  await sleep(awayMs);
  await broker.restart();
}

const idle =
  (awayMs: number) =>
  async (line: FaultLine): Promise<void> => {
    await waitForRest(line, 60_000);
    await crashBroker(line, awayMs);
    await line.wave();
  };

const underLoad =
  (awayMs: number) =>
  (line: FaultLine): Promise<void> =>
    line.whileLoaded(async () => {
      await sleep(1_000);
      await crashBroker(line, awayMs);
    }, 300);

/** Connections end while the broker is well: requests and answers are lost on the way. */
async function cutWays(line: FaultLine): Promise<void> {
  await line.whileLoaded(async () => {
    for (let time = 0; time < 6; time += 1) {
      await sleep(700);
      for (const member of line.all) if (line.random.happens(0.5)) member.kafka.cut();
    }
  });
}

/** What cannot be sent waits and holds back nothing before it. */
async function missResultsTopic(line: FaultLine): Promise<void> {
  await line.wave();
  await until('events to wait for their topic', async () => {
    const { rows } = await line.database.pool.query<{ waiting: string }>(
      `select count(*) as waiting from afterword.outbox where destination = 'results' and sent_at is null`,
    );
    return Number(rows[0]?.waiting) > 0;
  });
  await until('a relay to miss its topic', () =>
    line.outputs().some((output) => output.includes('TOPIC_MISSING')),
  );
  await line.makeResultsTopic();
}

async function missVectors(line: FaultLine): Promise<void> {
  await line.vectors.cut();
  await line.wave();
  await sleep(3_000);
  await line.vectors.open();
  await line.wave();
  await until(
    'everything to be in the index',
    async () => {
      const { rows } = await line.database.pool.query<{ waiting: string }>(
        `select count(*) as waiting from afterword.outbox where destination = 'vectors' and sent_at is null`,
      );
      return Number(rows[0]?.waiting) === 0;
    },
    { deadlineMs: vectorLeaseMs + 60_000, everyMs: 500 },
  );
}

/** Needs a line whose results topic was never made: comes first. */
export const missingResultsTopic: FaultCase = {
  name: 'results topic missing, later created',
  isRepeatable: false,
  run: missResultsTopic,
};

export const brokerFaults: readonly FaultCase[] = [
  { name: 'broker away for 5 s, idle', isRepeatable: false, run: idle(shortMs) },
  { name: 'broker away for 5 s, under load', isRepeatable: true, run: underLoad(shortMs) },
  { name: 'connections to the broker cut', isRepeatable: true, run: cutWays },
  { name: 'Qdrant away', isRepeatable: true, run: missVectors },
];

/** Only when asked for: they take minutes. */
export const longBrokerFaults: readonly FaultCase[] = [
  { name: 'broker away for 60 s, idle', isRepeatable: false, run: idle(longMs) },
  { name: 'broker away for 60 s, under load', isRepeatable: true, run: underLoad(longMs) },
];
