import { setTimeout as sleep } from 'node:timers/promises';
import { concurrency, type FaultLine } from './fault-line.ts';
import type { Member } from './member.ts';
import type { Interception } from '../wire/wire-connection.ts';
import type { WireProxy } from '../wire/wire-proxy.ts';

/** Puts a rule on a member's way that fires once. */
export type Arm = (member: Member, act: () => void) => void;

/** The first request that matches. */
export function once<Seen>(
  way: (member: Member) => WireProxy<Seen>,
  at: 'before' | 'after' | 'with',
  matches: (seen: Seen) => boolean,
): Arm {
  return (member, act) => {
    const proxy = way(member);
    proxy.setRule((seen): Interception | undefined => {
      if (!matches(seen)) return undefined;
      proxy.setRule(undefined);
      return { at, act };
    });
  };
}

const waveEveryMs = 1_500;
const reachWithinMs = 60_000;

/** Goes on publishing until one of the members has reached the point; `act` is done to that one alone. */
export async function firstToReach(
  line: FaultLine,
  members: readonly Member[],
  arm: Arm,
  act: (member: Member) => void,
): Promise<Member> {
  const reached: { member?: Member } = {};
  // A function, because others set it while it is waited for.
  const isMissing = (): boolean => reached.member === undefined;
  for (const member of members) {
    arm(member, () => {
      // Two may be held at once: the second one loses its connection and nothing else.
      if (!isMissing()) return;
      reached.member = member;
      act(member);
      for (const other of members) other.disarm();
    });
  }
  const endMs = Date.now() + reachWithinMs;
  while (isMissing()) {
    if (Date.now() > endMs) {
      for (const member of members) member.disarm();
      throw new Error(`no ${members[0]?.role ?? 'member'} came to the point of the fault`);
    }
    await line.wave(3);
    for (let waited = 0; waited < waveEveryMs && isMissing(); waited += 50) await sleep(50);
  }
  if (reached.member === undefined) throw new Error('it was reached and by nobody');
  return reached.member;
}

/** What a process of this role may have been told by the model and not kept when it is lost or cut off. */
export function allowLostCalls(line: FaultLine, member: Pick<Member, 'role'>): void {
  if (member.role === 'extract') line.allowedExtraCalls += concurrency;
}
