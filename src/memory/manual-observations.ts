import type { FoldedFact } from '../model/memory.ts';
import type { FactObservation } from '../model/observation.ts';
import type { FactResult } from '../model/results.ts';
import { factClaim } from './fact-claims.ts';
import { factGroupKey } from './group-keys.ts';

/** A person's entry: its id must be new, its time is the wall clock's. */
export interface ManualEntry {
  readonly entryId: string;
  readonly enteredAtMs: number;
}

export interface FactCorrection {
  readonly relation?: FactResult['relation'];
  readonly predicate?: string;
  readonly entityName?: string;
  readonly entityType?: FactResult['entity_type'];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly polarity?: FactResult['polarity'];
  /** RFC 3339. */
  readonly validFrom?: string | null;
  readonly validTo?: string | null;
}

/** The fact is wrong: neither what was said before nor what analysers say later brings it back. */
export function retractFact(fact: FoldedFact, entry: ManualEntry): FactObservation {
  return manualObservation(fact, factResultOf(fact), { ...entry, retracts: true });
}

/**
 * The fact should read otherwise. What the correction replaces is retracted with it;
 * a correction that leaves the claim as it is (another spelling, verb or detail) only
 * says it by hand. The two may lie in different groups: fold both again.
 */
export function correctFact(
  fact: FoldedFact,
  correction: FactCorrection,
  entry: ManualEntry,
): FactObservation[] {
  const right = manualObservation(fact, corrected(fact, correction), { ...entry, retracts: false });
  const wrong = retractFact(fact, { ...entry, entryId: `${entry.entryId}:retracts` });
  return claimKey(wrong) === claimKey(right) ? [right] : [wrong, right];
}

function corrected(fact: FoldedFact, correction: FactCorrection): FactResult {
  const { predicate, relation = fact.relation, attributes } = correction;
  const kept = factResultOf(fact);
  return {
    relation,
    ...(predicate === undefined ? predicateFor(relation, kept) : { predicate }),
    entity_name: correction.entityName ?? kept.entity_name,
    entity_type: correction.entityType ?? kept.entity_type,
    attributes: { ...(attributes ?? kept.attributes) },
    polarity: correction.polarity ?? kept.polarity,
    modality: 'stated',
    confidence: 1,
    // It was so all along, only heard wrongly.
    valid_from: correction.validFrom === undefined ? rfc3339(fact.validFromMs) : correction.validFrom,
    valid_to: correction.validTo === undefined ? rfc3339(fact.validToMs) : correction.validTo,
    evidence: [],
  };
}

function factResultOf(fact: FoldedFact): FactResult {
  return {
    relation: fact.relation,
    ...(fact.predicate === null ? {} : { predicate: fact.predicate }),
    entity_name: fact.entityName,
    entity_type: fact.entityType,
    attributes: { ...fact.attributes },
    polarity: fact.polarity,
    modality: 'stated',
    confidence: 1,
    valid_from: null,
    valid_to: null,
    evidence: [],
  };
}

function rfc3339(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function predicateFor(relation: FactResult['relation'], kept: FactResult): Pick<FactResult, 'predicate'> {
  return relation === 'other' && kept.predicate !== undefined ? { predicate: kept.predicate } : {};
}

function manualObservation(
  { botId, userId }: FoldedFact,
  fact: FactResult,
  { entryId, enteredAtMs, retracts }: ManualEntry & { retracts: boolean },
): FactObservation {
  return {
    observationId: entryId,
    windowId: null,
    revision: 0,
    botId,
    userId,
    channelId: null,
    channelType: null,
    occurredAtMs: enteredAtMs,
    method: 'manual',
    stageVersion: 'manual',
    strategy: 'manual',
    origin: 'manual',
    retracts,
    fact,
  };
}

function claimKey(observation: FactObservation): string {
  return `${factGroupKey(observation.fact)}\n${factClaim(observation).value}`;
}
