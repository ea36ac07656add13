import { allowLostCalls, firstToReach, once, type Arm } from '../harness/interrupt.ts';
import type { FaultLine } from '../harness/fault-line.ts';
import type { MemberRole } from '../harness/member.ts';
import type { SeenRequest } from '../wire/kafka-dialect.ts';
import type { SeenStatement } from '../wire/postgres-dialect.ts';
import type { FaultCase } from './fault-case.ts';

interface KillPoint {
  readonly name: string;
  readonly role: MemberRole;
  readonly arm: Arm;
}

const commitAfter =
  (words: string) =>
  ({ text, earlier }: SeenStatement): boolean =>
    text === 'commit' && earlier.some((statement) => statement.includes(words));
const statement =
  (words: string) =>
  ({ text }: SeenStatement): boolean =>
    text.includes(words);
const request =
  (name: SeenRequest['api']) =>
  ({ api }: SeenRequest): boolean =>
    api === name;

const onPostgres = (at: 'before' | 'after', matches: (seen: SeenStatement) => boolean): Arm =>
  once((member) => member.postgres, at, matches);
const onKafka = (at: 'before' | 'after', matches: (seen: SeenRequest) => boolean): Arm =>
  once((member) => member.kafka, at, matches);
const onModel = (at: 'before' | 'after'): Arm =>
  once(
    (member) => member.model,
    at,
    ({ method }) => method === 'POST',
  );

const storesMessages = commitAfter('insert into afterword.messages');
const closesWindows = commitAfter('insert into afterword.extractions');
const settles = commitAfter('insert into afterword.stage_tasks');
const keepsAnswer = statement('afterword.keep_answer');
const marksSent = statement('update afterword.outbox set sent_at');

const points: readonly KillPoint[] = [
  { role: 'consume', name: 'after insert, before commit', arm: onPostgres('before', storesMessages) },
  { role: 'consume', name: 'after commit, before it is told', arm: onPostgres('after', storesMessages) },
  {
    role: 'consume',
    name: 'after commit, before offset commit',
    arm: onKafka('before', request('OffsetCommit')),
  },
  {
    role: 'consume',
    name: 'after offset commit, before it is told',
    arm: onKafka('after', request('OffsetCommit')),
  },
  { role: 'consume', name: 'before a closing is committed', arm: onPostgres('before', closesWindows) },
  { role: 'consume', name: 'after a closing is committed', arm: onPostgres('after', closesWindows) },
  { role: 'extract', name: 'during a model call', arm: onModel('after') },
  { role: 'extract', name: 'after the answer, before it is kept', arm: onPostgres('before', keepsAnswer) },
  { role: 'extract', name: 'after the answer is kept', arm: onPostgres('after', keepsAnswer) },
  { role: 'extract', name: 'before the results are committed', arm: onPostgres('before', settles) },
  { role: 'extract', name: 'after the results are committed', arm: onPostgres('after', settles) },
  {
    role: 'publish',
    name: 'after the transaction, before publishing',
    arm: onKafka('before', request('Produce')),
  },
  {
    role: 'publish',
    name: 'after publishing, before it is told',
    arm: onKafka('after', request('Produce')),
  },
  { role: 'publish', name: 'after publishing, before marking', arm: onPostgres('before', marksSent) },
];

const caseOf = (point: KillPoint): FaultCase => ({
  name: `kill -9: ${point.role} ${point.name}`,
  isRepeatable: true,
  run: (line) => killTwice(line, point),
});

export const killPoints: readonly FaultCase[] = points.map(caseOf);

export function killPointsOf(role: MemberRole): readonly FaultCase[] {
  return points.filter((point) => point.role === role).map(caseOf);
}

/**
 * Twice in a row, then left alone. The second time the new process is the one that is waited
 * for, except where another has taken over meanwhile and it may have nothing to do.
 */
async function killTwice(line: FaultLine, { role, arm }: KillPoint): Promise<void> {
  const first = await firstToReach(line, line.members(role), arm, (member) => {
    member.killNow();
  });
  allowLostCalls(line, first);
  await first.restart();
  const next = role === 'publish' ? line.members(role) : [first];
  const second = await firstToReach(line, next, arm, (member) => {
    member.killNow();
  });
  allowLostCalls(line, second);
  await second.restart();
  await line.wave(3);
}
