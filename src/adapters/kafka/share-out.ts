export interface Claim {
  readonly memberId: string;
  /** The partitions that it held until now. */
  readonly claimed: readonly number[];
}

/**
 * Gives every partition to one member, shares differing by at most one. A member
 * keeps what it claims as far as its share goes; of two claims on one partition the
 * first member by id wins. A pure function of the sets: every leader decides alike.
 */
export function shareOut(partitions: readonly number[], claims: readonly Claim[]): Map<string, number[]> {
  const members = [...claims].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const free = new Set([...partitions].sort((a, b) => a - b));
  const floor = Math.floor(partitions.length / members.length);
  let larger = partitions.length % members.length;
  const shares = new Map<string, number[]>();
  for (const { memberId, claimed } of members) {
    const wanted = [...new Set(claimed)].filter((partition) => free.has(partition)).sort((a, b) => a - b);
    // Only so many members may hold one more than the others.
    const size = wanted.length > floor && larger > 0 ? floor + 1 : floor;
    if (size > floor) larger--;
    const kept = wanted.slice(0, size);
    for (const partition of kept) free.delete(partition);
    shares.set(memberId, kept);
  }
  fillUp(shares, [...free], floor);
  return shares;
}

/** First everybody up to the floor, then one more each until nothing is left. */
function fillUp(shares: Map<string, number[]>, free: number[], floor: number): void {
  for (const size of [floor, floor + 1]) {
    for (const share of shares.values()) {
      while (share.length < size && free.length > 0) share.push(...free.splice(0, 1));
    }
  }
}
