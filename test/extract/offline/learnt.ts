import { offlineFacts } from '../../../src/extract/offline/facts.ts';
import type { FactDraft } from '../../../src/extract/stages/drafts.ts';
import { conversation, user, type Said } from './conversation.ts';

/** "relation entity", with what is out of the ordinary behind it. */
export function learnt(...said: readonly (Said | string)[]): string[] {
  const lines = said.map((line) => (typeof line === 'string' ? user(line) : line));
  return offlineFacts(conversation(lines)).facts.map(inBrief);
}

function inBrief(fact: FactDraft): string {
  const verb = fact.predicate ?? fact.relation;
  const marks = [
    fact.polarity === 'negative' ? '-' : '',
    fact.modality === 'stated' ? '' : `(${fact.modality})`,
    ...fact.attributes.map(({ name, value }) => `[${name} ${value}]`),
  ].filter((mark) => mark !== '');
  return [verb, fact.entity_name, ...marks].join(' ');
}
