import { factsResultSchema, type FactsResult } from '../../model/results.ts';
import { checkEvidence, newestUserQuoteMs, type HeldQuote } from '../evidence.ts';
import type { CheckedResult, Stage } from '../stage.ts';
import type { Transcript } from '../transcript.ts';
import { cleanFact, refuseFact, trimmingsOf, type CleanFact } from '../validators/fact.ts';
import { hasEnded } from '../validators/ended.ts';
import { isSameName } from '../validators/entity.ts';
import { listedNames } from '../validators/listed-names.ts';
import { factsDraftSchema, type FactDraft, type FactsDraft } from './drafts.ts';
import { mergeFacts, toFactResult, type HeldFact } from './held-fact.ts';
import { Rejections } from './rejections.ts';

/**
 * What the user told about themselves. Facts of every modality stay in the result,
 * flagged; the fold decides which of them are believed.
 */
export const factsStage: Stage<FactsDraft, FactsResult> = {
  name: 'facts',
  version: '3',
  // One message can hold a name; there is no conversation too short for a fact.
  minMessages: 1,
  draftSchema: factsDraftSchema,
  resultSchema: factsResultSchema,
  check: checkFacts,
};

function checkFacts(draft: FactsDraft, transcript: Transcript): CheckedResult<FactsResult> {
  const rejections = new Rejections();
  const held = draft.facts.flatMap((fact) => holdFacts(fact, transcript, rejections));
  const facts = mergeFacts(withoutSelf(held, rejections), rejections).map((fact) =>
    toFactResult(fact, rejections),
  );
  return { result: { facts }, rejected: rejections.counts() };
}

/** The fact of a draft; of a list of things as one name, a fact for each. */
function holdFacts(draft: FactDraft, transcript: Transcript, rejections: Rejections): HeldFact[] {
  const evidence = checkEvidence(draft.evidence, transcript);
  if (!evidence.held) {
    rejections.add(evidence.reason);
    return [];
  }
  const { quotes } = evidence;
  const speakers = { botId: transcript.botId, userId: transcript.userId };
  const cleaned = cleanFact(draft);
  const kept = listedNames(cleaned, quotes)
    .map((name) => ({ ...cleaned, entity_name: name }))
    .filter((fact) => {
      const reason = refuseFact(fact, quotes, speakers);
      if (reason !== undefined) rejections.add(reason);
      return reason === undefined;
    });
  if (kept.length === 0) return [];
  rejections.addDropped(evidence.droppedBy);
  for (const [reason, count] of trimmingsOf(draft, cleaned)) rejections.add(reason, count);
  return kept.map((fact) => ({ fact: withEnd(fact, quotes), quotes }));
}

/** What the user's words end has ended when they said so, if no date was given. */
function withEnd(fact: CleanFact, quotes: readonly HeldQuote[]): CleanFact {
  const byUser = quotes.filter(({ line }) => line.message.role === 'user');
  return fact.valid_to === null && hasEnded(fact, byUser)
    ? { ...fact, valid_to: new Date(newestUserQuoteMs(byUser)).toISOString() }
    : fact;
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
