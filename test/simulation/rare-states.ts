/**
 * What a schedule has to run into now and then, or the simulation proves nothing: each is
 * counted where it is seen, and the test fails when one was never met.
 */
export const rareStates = [
  'rebalance in the middle of a batch',
  'batch given up because its partition was lost',
  'batch stored by a member that had lost the partition',
  'commit of a transaction begun before the takeover',
  'offset of an old generation refused',
  'two members with a batch of one partition in hand',
  'redelivery of a stored batch',
  'rewind below the stored position',
  'position begun anew where none was committed',
  'commit unacknowledged',
  'transaction aborted at its commit',
  'connection cut in the middle of a transaction',
  'crash in the middle of a transaction',
  'transaction waited for a lock',
  'message stored by another process since the look-up',
  'duplicate across partitions',
  'other content under a stored id',
  'clamped clock',
  'clock stepped back',
  'clock stepped ahead',
  'late message merged two windows',
  'late message moved the cut of a cap',
  'closed window opened again',
  'superseded window back to life',
  'edit before its message',
  'delete before its message',
  'delete after extraction',
  'end marker late',
  'window changed while its model call was in flight',
  'window superseded while it was extracted',
  'member deleted while the model thought',
  'lease of a window expired under a slow owner',
  'answer under a lost lease refused',
  'kept answer found again',
  'superseded window taken back',
  'closer without its lease',
  'relay without its lease',
  'event sent again by a second relay',
  'part of a sending written',
] as const;
export type RareState = (typeof rareStates)[number];

export type RareCounts = Map<RareState, number>;

export function noRareStates(): RareCounts {
  return new Map(rareStates.map((state) => [state, 0]));
}

export function addCounts(to: RareCounts, more: RareCounts): void {
  for (const [state, count] of more) to.set(state, (to.get(state) ?? 0) + count);
}
