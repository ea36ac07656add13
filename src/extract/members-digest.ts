import type { StoredMessage } from '../model/message.ts';
import { hashOf } from './answer-store.ts';

/** Digest of a window's members as they are: equal digests ask equal questions. */
export function membersDigest(members: readonly StoredMessage[]): string {
  return hashOf(
    members.flatMap(({ identity, role, sentAtMs, content }) => [identity, role, String(sentAtMs), content]),
  );
}
