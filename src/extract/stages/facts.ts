import { factsResultSchema, type FactsResult } from '../../model/results.ts';
import { checkEvidence } from '../evidence.ts';
import type { CheckedResult, Stage } from '../stage.ts';
import type { Transcript } from '../transcript.ts';
import { cleanFact, refuseFact } from '../validators/fact.ts';
import { isSameName } from '../validators/entity.ts';
import { factsDraftSchema, type FactDraft, type FactsDraft } from './drafts.ts';
import { mergeFacts, toFactResult, type HeldFact } from './held-fact.ts';
import { Rejections } from './rejections.ts';

/**
 * What the user told about themselves. Facts of every modality stay in the result,
 * flagged; the fold decides which of them are believed.
 */
export const factsStage: Stage<FactsDraft, FactsResult> = {
  name: 'facts',
  version: '2',
  // One message can hold a name; there is no conversation too short for a fact.
  minMessages: 1,
  draftSchema: factsDraftSchema,
  resultSchema: factsResultSchema,
  check: checkFacts,
};

function checkFacts(draft: FactsDraft, transcript: Transcript): CheckedResult<FactsResult> {
  const rejections = new Rejections();
  const held = draft.facts
    .map((fact) => holdFact(fact, transcript, rejections))
    .filter((fact) => fact !== undefined);
  const facts = mergeFacts(withoutSelf(held, rejections), rejections).map(toFactResult);
  return { result: { facts }, rejected: rejections.counts() };
}

function holdFact(draft: FactDraft, transcript: Transcript, rejections: Rejections): HeldFact | undefined {
  const evidence = checkEvidence(draft.evidence, transcript);
  const fact = cleanFact(draft);
  const reason = evidence.held
    ? refuseFact(fact, evidence.quotes, { botId: transcript.botId, userId: transcript.userId })
    : evidence.reason;
  if (!evidence.held || reason !== undefined) {
    rejections.add(reason ?? 'no-evidence');
    return undefined;
  }
  rejections.add('quote-dropped', evidence.dropped);
  return { fact, quotes: evidence.quotes };
}

/** A name that the user gave as their own is not also a thing, a pet or a friend of theirs. */
function withoutSelf(held: readonly HeldFact[], rejections: Rejections): HeldFact[] {
  const ownNames = held
    .filter(({ fact }) => fact.relation === 'is_named' && fact.polarity === 'positive')
    .map(({ fact }) => fact.entity_name);
  return held.filter(({ fact }) => {
    const isSelf =
      fact.relation !== 'is_named' && ownNames.some((name) => isSameName(name, fact.entity_name));
    if (isSelf) rejections.add('entity-is-user');
    return !isSelf;
  });
}
