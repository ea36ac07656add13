import { expect, it } from 'vitest';
import type { ClaimedWindow } from '../../../src/extract/extraction-store.ts';
import { observationsOf } from '../../../src/extract/observe.ts';
import { runOffline } from '../../../src/extract/run-offline.ts';
import { builtInStages } from '../../../src/extract/stages/built-in-stages.ts';
import type { Transcript } from '../../../src/extract/transcript.ts';
import { canonicalEntity, canonicalText } from '../../../src/memory/canonical-entity.ts';
import { foldFactGroups } from '../../../src/memory/fold-facts.ts';
import { familyOf } from '../../../src/memory/relation-rules.ts';
import { renderFactSentence } from '../../../src/memory/render-fact-sentence.ts';
import type { FoldedFact } from '../../../src/model/memory.ts';
import type { FactObservation } from '../../../src/model/observation.ts';
import { readJudged, sampleWindows } from './sample-windows.ts';

const factsOnly = builtInStages.filter(({ name }) => name === 'facts');

/** What is current of each person once all their windows are settled. */
function currentFacts(): ReadonlyMap<string, readonly FoldedFact[]> {
  const observations = new Map<string, FactObservation[]>();
  for (const [index, window] of sampleWindows().entries()) {
    const members = window.lines.map(({ message }) => message);
    const { facts } = observationsOf(
      claimOf(window, index),
      runOffline(factsOnly, window),
      members,
      'default',
    );
    observations.set(window.userId, [...(observations.get(window.userId) ?? []), ...facts]);
  }
  const current = ({ status }: FoldedFact): boolean => status === 'current';
  return new Map([...observations].map(([userId, facts]) => [userId, foldFactGroups(facts).filter(current)]));
}

function claimOf({ botId, userId, startedAtMs, endedAtMs, lines }: Transcript, index: number): ClaimedWindow {
  return {
    windowId: `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
    runId: 1,
    keyId: '1',
    botId,
    userId,
    channelId: null,
    channelType: null,
    startedAtMs,
    endedAtMs,
    messageCount: lines.length,
    closeReason: 'gap',
    revision: 1,
    windowStatus: 'closed',
    supersededBy: [],
    storedRevision: 0,
    leaseEpoch: 1,
    attempts: 1,
    timeouts: 0,
    userIsBot: false,
  };
}

/** As a reader would compare: without case, articles, plurals, and how a doing is inflected. */
function sayings(fact: FoldedFact): string[] {
  const subject = fact.relation === 'other' ? canonicalText(fact.predicate ?? '') : familyOf(fact.relation);
  const canonical = canonicalEntity(fact.entityName, 'other');
  const bare = canonical
    .replaceAll(/(?<=[a-z]{3})(?:ing|ed)\b/g, '')
    .replaceAll(/([a-z])\1\b/g, '$1')
    .replaceAll(/(?<=[a-z]{2})e\b/g, '');
  return [renderFactSentence(fact).toLowerCase(), `${subject}: ${canonical}`, `${subject}: ${bare}`];
}

it('holds current what was judged, whole or as the newest words of the same', () => {
  const people = currentFacts();
  for (const judged of readJudged().facts) {
    const held = people
      .get(judged.user_id)
      ?.filter(
        ({ evidence, relation, entityName }) =>
          evidence.some(({ quote }) => judged.quotes.includes(quote)) &&
          (relation === judged.relation || entityName.toLowerCase() === judged.entity_name.toLowerCase()),
      );
    expect(held?.length, `${judged.user_id} ${judged.relation} ${judged.entity_name}`).toBeGreaterThan(0);
  }
});

it('keeps no two current facts of a person that say the same, over the whole sample', () => {
  const people = currentFacts();
  expect(people.size).toBe(15);
  for (const [userId, facts] of people) {
    expect(facts.length).toBeGreaterThan(5);
    const said = facts.flatMap((fact) => [...new Set(sayings(fact))]);
    const twice = said.filter((saying, index) => said.indexOf(saying) !== index);
    expect(twice.length, userId).toBe(0);
  }
});
