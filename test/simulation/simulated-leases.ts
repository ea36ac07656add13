import type { SimulatedDatabase } from './simulated-database.ts';
import type { Transaction } from './transactions.ts';

/** Takes free or expired leases and renews our own where half of their time is over; returns the names held now. */
export async function holdLeases(
  database: SimulatedDatabase,
  transaction: Transaction,
  {
    names,
    owner,
    ttlMs,
  }: { readonly names: readonly string[]; readonly owner: string; readonly ttlMs: number },
): Promise<string[]> {
  const held: string[] = [];
  for (const name of [...names].sort()) {
    await database.leases.write(transaction, name, (lease) => {
      const nowMs = database.nowMs();
      const isOurs = lease?.owner === owner;
      if (lease !== undefined && !isOurs && lease.expiresAtMs >= nowMs) return undefined;
      held.push(name);
      if (isOurs && lease.expiresAtMs > nowMs + ttlMs / 2) return undefined;
      return { owner, expiresAtMs: nowMs + ttlMs, epoch: (lease?.epoch ?? 0) + (isOurs ? 0 : 1) };
    });
  }
  return held;
}

/** Any lease whose name begins so; judged by the one clock. */
export function isHeld(
  database: SimulatedDatabase,
  transaction: Transaction,
  prefix: string,
  owner: string,
): boolean {
  return database.leases
    .entries(transaction)
    .some(
      ([name, lease]) =>
        name.startsWith(prefix) && lease.owner === owner && lease.expiresAtMs > database.nowMs(),
    );
}

export async function releaseLeases(
  database: SimulatedDatabase,
  transaction: Transaction,
  owner: string,
): Promise<void> {
  for (const [name, lease] of database.leases.entries(transaction)) {
    if (lease.owner !== owner) continue;
    const expiresAtMs = database.nowMs() - 1_000;
    await database.leases.write(transaction, name, (row) => row && { ...row, expiresAtMs });
  }
}
