import { diffMemory, withdrawnDiffer } from '../memory/diff-memory.ts';
import { factMemory } from '../memory/fold-facts.ts';
import { preferenceMemory } from '../memory/fold-preferences.ts';
import { foldTouched } from '../memory/fold-touched.ts';
import { renderProfile } from '../memory/render-profile.ts';
import { renderProfileText } from '../memory/render-profile-text.ts';
import type { MemoryChange, MemoryState } from '../model/memory.ts';
import type {
  GroupCheckpoints,
  MemoryTransaction,
  TouchedGroups,
  TouchedMemory,
} from './extraction-store.ts';

/**
 * Folds these groups anew from their live observations and writes what became different.
 * Each is folded from its checkpoint on, so that it costs what is new and not what was
 * ever said; in full where a person's entry may reach back over that.
 */
export async function refold(transaction: MemoryTransaction, groups: TouchedGroups): Promise<MemoryChange[]> {
  if (groups.facts.size + groups.preferences.size === 0) return [];
  const touched = await transaction.touchedMemory(groups);
  const { after, checkpoints } = await foldAll(transaction, touched);
  const changes = diffMemory(touched.folded, after);
  if (changes.length > 0 || withdrawnDiffer(touched.folded, after)) {
    await transaction.writeMemory(touched.folded, after);
  }
  if (checkpoints.facts.length + checkpoints.preferences.length > 0) {
    await transaction.keepCheckpoints(checkpoints);
  }
  return changes;
}

interface Fold {
  readonly after: MemoryState;
  readonly checkpoints: GroupCheckpoints;
}

async function foldAll(
  transaction: MemoryTransaction,
  { live, checkpoints }: Pick<TouchedMemory, 'live' | 'checkpoints'>,
): Promise<Fold> {
  const facts = foldTouched(factMemory, live.facts, checkpoints.facts);
  const preferences = foldTouched(preferenceMemory, live.preferences, checkpoints.preferences);
  const fold: Fold = {
    after: { facts: facts.folded, preferences: preferences.folded },
    checkpoints: { facts: facts.checkpoints, preferences: preferences.checkpoints },
  };
  if (facts.unfinished.size + preferences.unfinished.size === 0) return fold;
  const unfinished = { facts: facts.unfinished, preferences: preferences.unfinished };
  const whole = await transaction.liveObservations(unfinished);
  const rest = await foldAll(transaction, { live: whole, checkpoints: { facts: [], preferences: [] } });
  return joined(fold, rest);
}

function joined(one: Fold, other: Fold): Fold {
  return {
    after: {
      facts: [...one.after.facts, ...other.after.facts],
      preferences: [...one.after.preferences, ...other.after.preferences],
    },
    checkpoints: {
      facts: [...one.checkpoints.facts, ...other.checkpoints.facts],
      preferences: [...one.checkpoints.preferences, ...other.checkpoints.preferences],
    },
  };
}

/** Writes the person's profile anew from memory as it stands. */
export async function writeProfile(
  transaction: MemoryTransaction,
  person: { readonly botId: string; readonly userId: string },
): Promise<void> {
  const parts = await transaction.profileParts();
  const profile = renderProfile({ botId: person.botId, userId: person.userId, ...parts });
  await transaction.writeProfile(profile, renderProfileText(profile));
}

export function changedFactIds(changes: readonly MemoryChange[]): string[] {
  return changes.flatMap((change) => (change.subject === 'fact' ? [change.fact.factId] : []));
}
