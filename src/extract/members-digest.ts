import type { StoredMessage } from '../model/message.ts';
import { hashOf } from './answer-store.ts';

/** Digest of a window's members as they are: equal digests ask equal questions. */
export function membersDigest(members: readonly StoredMessage[]): string {
  return hashOf(
    members.flatMap(({ identity, role, sentAtMs, content }) => [identity, role, String(sentAtMs), content]),
  );
}

/** Of those whose text went into an answer. */
export function identitiesOf(members: readonly StoredMessage[]): string[] {
  return members.filter(({ deleted }) => !deleted).map(({ identity }) => identity);
}

/** The event time that the members cover; `without`: where there are none. */
export function spanOf(
  members: readonly StoredMessage[],
  without: { readonly startedAtMs: number; readonly endedAtMs: number },
): { readonly membersFromMs: number; readonly membersToMs: number } {
  // In their one order, which is by time.
  return {
    membersFromMs: members[0]?.sentAtMs ?? without.startedAtMs,
    membersToMs: members.at(-1)?.sentAtMs ?? without.endedAtMs,
  };
}
