import { diffMemory } from '../memory/diff-memory.ts';
import { foldFactGroups } from '../memory/fold-facts.ts';
import { foldPreferenceGroups } from '../memory/fold-preferences.ts';
import { renderProfile } from '../memory/render-profile.ts';
import { renderProfileText } from '../memory/render-profile-text.ts';
import type { MemoryChange, MemoryState } from '../model/memory.ts';
import type { MemoryTransaction, TouchedGroups } from './extraction-store.ts';

/** Folds these groups anew from their live observations and writes what became different. */
export async function refold(transaction: MemoryTransaction, groups: TouchedGroups): Promise<MemoryChange[]> {
  if (groups.facts.size + groups.preferences.size === 0) return [];
  const { live, folded } = await transaction.touchedMemory(groups);
  const after: MemoryState = {
    facts: foldFactGroups(live.facts),
    preferences: foldPreferenceGroups(live.preferences),
  };
  const changes = diffMemory(folded, after);
  if (changes.length > 0) await transaction.writeMemory(folded, after);
  return changes;
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
