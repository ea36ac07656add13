import type { FactDraft, FactsDraft } from '../stages/drafts.ts';
import type { Transcript } from '../transcript.ts';
import { refuseEntity, isSameName } from '../validators/entity.ts';
import { readAnswer } from './answers.ts';
import { draftOf, toFactDraft } from './claims.ts';
import { clausesOf } from './clauses.ts';
import type { Sentence } from './language-model.ts';
import { readTranscript, type Utterance } from './reading.ts';
import { readPossessives } from './rules/belongings.ts';
import { readClause } from './rules/by-verb.ts';
import { readFavorites, type PlacedClaim } from './rules/favorites.ts';
import { readCausedFeelings } from './rules/feelings.ts';
import { readName } from './rules/identity.ts';
import { readDreams } from './rules/prospects.ts';
import { readBirthday } from './rules/milestones.ts';
import { readBadState, readBereavement, readCircumstances } from './rules/bad-states.ts';

/**
 * What the user said of themselves, by rules over their own sentences; precision before
 * recall. Only English is understood: other languages give no facts rather than nonsense.
 */
export function offlineFacts(transcript: Transcript): FactsDraft {
  const facts = found.get(transcript) ?? findFacts(transcript);
  found.set(transcript, facts);
  return { facts: [...facts] };
}

// Preferences and the summary are built on the facts of the same transcript.
const found = new WeakMap<Transcript, readonly FactDraft[]>();

function findFacts(transcript: Transcript): readonly FactDraft[] {
  const reading = readTranscript(transcript);
  if (!reading.isEnglish) return [];
  const facts = reading.utterances.flatMap((utterance, index) => factsOf(utterance, index === 0));
  return withoutRepeats(facts.filter((fact) => isKeepable(fact, transcript)));
}

function factsOf(utterance: Utterance, isFirst: boolean): FactDraft[] {
  const answered = readAnswer(utterance);
  const said = utterance.sentences.flatMap((sentence, index) => [
    ...placed(utterance, sentence, isFirst && index < 2),
    ...clausesOf(utterance, sentence).flatMap((clause) =>
      readClause(clause).map((claim) => toFactDraft(claim, clause)),
    ),
  ]);
  return [...answered, ...said];
}

/** Claims of patterns that need no subject and verb of the user's. */
function placed(utterance: Utterance, sentence: Sentence, isFirst: boolean): FactDraft[] {
  const claims = [
    ...readName(sentence, isFirst),
    ...readFavorites(sentence),
    ...readPossessives(sentence),
    ...readCausedFeelings(sentence),
    ...readBirthday(sentence, utterance.line.message.sentAtMs),
    ...readDreams(sentence),
    ...readBadState(sentence),
    ...readCircumstances(sentence),
    ...readBereavement(sentence),
  ];
  return claims.map((claim) => withQuote(claim, utterance, sentence));
}

function withQuote(claim: PlacedClaim, { line }: Utterance, { tokens }: Sentence): FactDraft {
  const [first, last] = [tokens[claim.start], tokens[claim.end - 1]];
  const quote = line.message.content.slice(first?.start ?? 0, last?.end ?? 0);
  const modality = claim.isImplied === true ? 'implied' : 'stated';
  return { ...draftOf(claim), modality, evidence: [{ line: line.number, quote }] };
}

function isKeepable(fact: FactDraft, { botId, userId }: Transcript): boolean {
  if (fact.relation === 'is_named' || fact.relation === 'is_aged') return true;
  const { entity_name: name } = fact;
  return refuseEntity(name) === undefined && !isSameName(name, botId) && !isSameName(name, userId);
}

/** The same claim said twice cites both places. */
function withoutRepeats(facts: readonly FactDraft[]): FactDraft[] {
  const byClaim = new Map<string, FactDraft>();
  for (const fact of facts) {
    const key = [
      fact.relation,
      fact.predicate,
      fact.entity_name.toLowerCase(),
      fact.polarity,
      fact.modality,
    ].join('\n');
    const known = byClaim.get(key);
    byClaim.set(key, known === undefined ? fact : { ...known, evidence: withEvidence(known, fact) });
  }
  return [...byClaim.values()];
}

function withEvidence(known: FactDraft, next: FactDraft): FactDraft['evidence'] {
  const fresh = next.evidence.filter(
    ({ line, quote }) => !known.evidence.some((held) => held.line === line && held.quote === quote),
  );
  return [...known.evidence, ...fresh];
}
