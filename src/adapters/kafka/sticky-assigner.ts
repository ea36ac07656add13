import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { z } from 'zod';

import { InvariantError } from '../../errors.ts';
import { shareOut } from './share-out.ts';

/**
 * Shares a topic's partitions out evenly and leaves each where it is as far as that
 * goes: kafkajs's own assigner sorts random member ids, so every restart of one
 * member would move nearly all partitions of the others. Each member tells the leader
 * what it holds in the protocol's user data.
 */
export function createStickyAssigner(owned: () => readonly number[]): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
  return ({ cluster }) => ({
    name: 'AfterwordSticky',
    version: 0,
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(owned()));
      return {
        name: this.name,
        metadata: MemberMetadata.encode({ version: this.version, topics, userData }),
      };
    },
    assign({ members, topics }) {
      const [topic, ...others] = topics;
      if (topic === undefined || others.length > 0) {
        throw new InvariantError('kafka-assigner-topics', `a group reads one topic, not ${topics.length}`);
      }
      const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      const claims = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        claimed: readClaim(MemberMetadata.decode(memberMetadata)?.userData),
      }));
      const shares = [...shareOut(partitions, claims)].map(([memberId, share]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: this.version,
          assignment: { [topic]: share },
          userData: Buffer.alloc(0),
        }),
      }));
      return Promise.resolve(shares);
    },
  });
}

const claimSchema = z.array(z.int());

/** Another member's bytes: whatever they are, they only cost stickiness. */
function readClaim(userData: Buffer | undefined): number[] {
  try {
    return claimSchema.parse(JSON.parse(userData?.toString('utf8') ?? '[]'));
  } catch {
    return [];
  }
}
