/** Members in one order, shares differing by at most one: whoever comes first has the larger ones. */
export function fairShare(partitions: number, members: readonly string[], memberId: string): number {
  const rank = members.indexOf(memberId);
  if (rank === -1) return 0;
  return Math.floor(partitions / members.length) + (rank < partitions % members.length ? 1 : 0);
}
