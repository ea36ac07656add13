import type {
  FoldedFact,
  FoldedPreference,
  MemoryChange,
  MemoryChangeKind,
  MemoryState,
  Remembered,
} from '../model/memory.ts';
import { compareText } from '../model/message.ts';

interface Changed<Item extends Remembered> {
  readonly id: string;
  readonly item: Item;
  readonly change: MemoryChangeKind;
}

/**
 * What became different between two states of the same groups, so that whoever applies
 * the changes to the one holds the other. Empty when nothing changed. What goes comes
 * before what takes its place; facts before preferences; otherwise by group and id.
 */
export function diffMemory(before: MemoryState, after: MemoryState): MemoryChange[] {
  const facts = changesOf(before.facts, after.facts, factId);
  const preferences = changesOf(before.preferences, after.preferences, preferenceId);
  return [
    ...facts.map(({ item, change }): MemoryChange => ({ ...change, subject: 'fact', fact: item })),
    ...preferences.map(({ item, change }): MemoryChange => ({
      ...change,
      subject: 'preference',
      preference: item,
    })),
  ];
}

/**
 * Whether what a person withdrew stands on other claims than before. Nobody is told of it
 * (`diffMemory` leaves it out), and it is stored all the same: memory is what the fold says.
 */
export function withdrawnDiffer(before: MemoryState, after: MemoryState): boolean {
  return withdrawnOf(before) !== withdrawnOf(after);
}

function withdrawnOf({ facts, preferences }: MemoryState): string {
  const items = [
    ...facts.map((item) => ({ id: factId(item), item })),
    ...preferences.map((item) => ({ id: preferenceId(item), item })),
  ];
  const withdrawn = items.filter(({ item }) => item.status === 'retracted');
  return withdrawn.length === 0 ? '' : canonicalJson(withdrawn.sort((a, b) => compareText(a.id, b.id)));
}

const factId = (fact: FoldedFact): string => fact.factId;
const preferenceId = (preference: FoldedPreference): string => preference.preferenceId;

function changesOf<Item extends Remembered>(
  before: readonly Item[],
  after: readonly Item[],
  idOf: (item: Item) => string,
): Changed<Item>[] {
  const known = new Map(before.map((item) => [idOf(item), item]));
  const kept = new Set(after.map(idOf));
  const changes: Changed<Item>[] = [];
  for (const item of after) {
    const change = changeTo(known.get(idOf(item)), item);
    if (change !== null) changes.push({ id: idOf(item), item, change });
  }
  for (const item of before) {
    // What a person retracted was withdrawn already; that its claims are gone too changes nothing.
    if (kept.has(idOf(item)) || item.status === 'retracted') continue;
    changes.push({ id: idOf(item), item, change: { kind: 'retracted', by: 'evidence' } });
  }
  return changes.sort(compareChanges);
}

function changeTo(before: Remembered | undefined, after: Remembered): MemoryChangeKind | null {
  if (before !== undefined && canonicalJson(before) === canonicalJson(after)) return null;
  const isNew = before === undefined || before.status === 'retracted';
  switch (after.status) {
    case 'current':
      return { kind: 'confirmed', new: isNew || before.status !== 'current' };
    case 'superseded':
    case 'ended':
      return { kind: 'superseded', new: isNew };
    case 'retracted':
      // Never heard of, or withdrawn before: nobody has anything to take back.
      return isNew ? null : { kind: 'retracted', by: 'person' };
  }
}

const kindOrder: Readonly<Record<MemoryChangeKind['kind'], number>> = {
  retracted: 0,
  superseded: 1,
  confirmed: 2,
};

function compareChanges<Item extends Remembered>(a: Changed<Item>, b: Changed<Item>): number {
  return (
    kindOrder[a.change.kind] - kindOrder[b.change.kind] ||
    compareText(a.item.groupKey, b.item.groupKey) ||
    compareText(a.id, b.id)
  );
}

/** Keys sorted: a state that was read back from jsonb has them in another order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => compareText(a, b)))
      : part,
  );
}
