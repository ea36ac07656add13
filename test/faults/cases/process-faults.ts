import { setTimeout as sleep } from 'node:timers/promises';
import { honestly } from '../../support/anthropic-replies.ts';
import { until } from '../../support/until.ts';
import type { FaultLine } from '../harness/fault-line.ts';
import { allowLostCalls, firstToReach, once, type Arm } from '../harness/interrupt.ts';
import { sessionTimeoutMs, type Member, type MemberRole } from '../harness/member.ts';
import type { FaultCase } from './fault-case.ts';

const leaseMs = 10_000;

/** One after the other, with work in hand: each ends by itself, with exit code 0. */
async function drain(line: FaultLine): Promise<void> {
  await line.whileLoaded(async () => {
    for (const role of ['consume', 'extract', 'publish'] as const) {
      const [member] = line.members(role);
      if (member === undefined) throw new Error(`there is no ${role}`);
      const { exitCode } = await member.stop();
      if (exitCode !== 0)
        throw new Error(`${member.name} ended with ${String(exitCode)} when it was told to`);
      // One that is given back while its call is under way is asked about again.
      allowLostCalls(line, member);
      await member.start();
    }
  });
}

/** Another takes over, then the old owner goes on where it stood. */
async function suspend(line: FaultLine, member: Member, ms: number): Promise<void> {
  member.suspend();
  allowLostCalls(line, member);
  await sleep(ms);
  member.wake();
}

async function suspendConsumer(line: FaultLine): Promise<void> {
  await line.whileLoaded(async () => {
    // With a batch in the middle of its transaction: it is committed by a member of an old generation.
    const arm = once(
      (member) => member.postgres,
      'with',
      ({ text }) => text.includes('insert into afterword.messages'),
    );
    const owner = await firstToReach(line, line.members('consume'), arm, (member) => {
      member.suspend();
    });
    await sleep(sessionTimeoutMs + 3_000);
    owner.wake();
  });
}

const asksModel = once(
  (member) => member.model,
  'with',
  ({ method }) => method === 'POST',
);
const keepsAnswer = once(
  (member) => member.postgres,
  'with',
  ({ text }) => text.includes('afterword.keep_answer'),
);

/** Its lease runs out at this point; what it wants to store when it wakes is another's by then. */
async function suspendExtractor(line: FaultLine, arm: Arm): Promise<void> {
  line.model.byDefault = honestly(500);
  try {
    const owner = await firstToReach(line, line.members('extract'), arm, (member) => {
      member.suspend();
    });
    allowLostCalls(line, owner);
    await sleep(leaseMs + 2_000);
    owner.wake();
  } finally {
    line.model.byDefault = honestly();
  }
}

/** The second relay sends what the first has sent and not marked; then the first wakes and marks. */
async function suspendRelay(line: FaultLine): Promise<void> {
  const arm = once(
    (member) => member.kafka,
    'with',
    (seen) => seen.api === 'Produce' && seen.mentions(line.topics.results),
  );
  const owner = await firstToReach(line, line.members('publish'), arm, (member) => {
    member.suspend();
  });
  await line.wave();
  await sleep(leaseMs + 4_000);
  owner.wake();
  await line.wave();
}

async function joinAndLeave(line: FaultLine): Promise<void> {
  const guests = line.members('consume').slice(2);
  const guest = guests[0] ?? (await line.addMember('consume'));
  await line.whileLoaded(async () => {
    for (let time = 0; time < 4; time += 1) {
      await guest.start();
      await sleep(2_000);
      await guest.stop();
      await sleep(2_000);
    }
  });
}

/** Both ways at once: one process of a role an hour ahead, the other an hour behind. */
async function stepClocks(line: FaultLine): Promise<void> {
  await line.publish(line.load.present(Date.now()));
  const roles: readonly MemberRole[] = ['consume', 'extract', 'publish'];
  const pairs = roles.map((role) => line.members(role).slice(0, 2));
  const step = (first: 'forward' | 'back', second: 'forward' | 'back'): void => {
    for (const [one, other] of pairs) {
      one?.stepClock(first);
      other?.stepClock(second);
    }
  };
  await line.whileLoaded(async () => {
    step('forward', 'back');
    await sleep(4_000);
    step('back', 'forward');
    await sleep(2_000);
  });
}

/** Model calls are stopped, then each comes back at another time: nothing is mistaken for nothing found. */
async function stallModel(line: FaultLine): Promise<void> {
  const members = line.members('extract');
  for (const member of members) {
    member.model.refuse();
    allowLostCalls(line, member);
  }
  await line.wave();
  await sleep(4_000);
  for (const member of members) member.model.mend();
  await line.wave();
}

/** A consumer without its database that is started, ends, and is started again until it works. */
async function startWithoutDatabase(line: FaultLine): Promise<void> {
  const [member] = line.members('publish');
  if (member === undefined) throw new Error('there is no publisher');
  await member.stop();
  const before = member.ownEnds.length;
  member.postgres.refuse();
  const starting = member.start();
  await until('a start without a database to end', () => member.ownEnds.length > before);
  member.postgres.mend();
  await starting;
  line.allowedOwnEnds += member.ownEnds.length - before;
}

/** Each of another role, so that they may happen at the same time. */
export const suspensions: readonly FaultCase[] = [
  { name: 'SIGSTOP of a consumer past its session', isRepeatable: true, run: suspendConsumer },
  {
    name: 'SIGSTOP of an extractor past its lease',
    isRepeatable: true,
    run: (line) => suspendExtractor(line, keepsAnswer),
  },
  { name: 'SIGSTOP of a relay past its lease, with two relays', isRepeatable: true, run: suspendRelay },
];

export const processFaults: readonly FaultCase[] = [
  {
    name: 'SIGSTOP of an extractor during its call, past its lease',
    isRepeatable: true,
    run: (line) => suspendExtractor(line, asksModel),
  },
  { name: 'SIGTERM drains each role', isRepeatable: true, run: drain },
  {
    name: 'SIGSTOP of every process for a moment',
    isRepeatable: true,
    run: async (line) => {
      await line.wave();
      await Promise.all(line.all.filter((one) => one.isRunning).map((one) => suspend(line, one, 3_000)));
    },
  },
  { name: 'consumers join and leave every 2 s', isRepeatable: true, run: joinAndLeave },
  { name: 'clocks stepped by an hour each way', isRepeatable: true, run: stepClocks },
  { name: 'the model cannot be reached', isRepeatable: true, run: stallModel },
  { name: 'a process that starts without its database', isRepeatable: true, run: startWithoutDatabase },
];
