import type { FactDraft } from '../../stages/drafts.ts';
import { compareKey } from '../../validators/compare-key.ts';
import { refuseEntity } from '../../validators/entity.ts';
import { emptyHeads } from '../lexicon/empty-words.ts';
import type { Token } from '../language-model.ts';
import { isNameable, readNounPhrase } from '../phrases.ts';
import type { Reading } from '../reading.ts';
import { asDoing } from '../rules/tastes.ts';

const maxTopics = 5;

/** What an English window was about, weightiest first: noun phrases and doings in natural words. */
export function topicsOf(
  reading: Reading,
  facts: readonly FactDraft[],
  matters: readonly string[],
): string[] {
  const weights = new Map<string, { name: string; weight: number }>();
  const add = (name: string, weight: number): void => {
    const key = compareKey(name.replace(/s$/, ''));
    const known = weights.get(key);
    weights.set(key, { name: known?.name ?? name, weight: (known?.weight ?? 0) + weight });
  };
  for (const fact of facts)
    for (const name of topicOfFact(fact)) add(name, fact.relation === 'feels' ? 0.9 : 2);
  for (const matter of matters) add(matter, 1.2);
  for (const name of nounPhrases(reading)) add(name, 1);
  const others = [reading.transcript.botId, reading.transcript.userId, ...namesOf(facts)].map(compareKey);
  const ranked = [...weights.values()]
    .filter(({ name }) => !others.includes(compareKey(name)))
    .sort((a, b) => b.weight - a.weight);
  return withoutContained(ranked.map(({ name }) => name)).slice(0, maxTopics);
}

function namesOf(facts: readonly FactDraft[]): string[] {
  return facts.filter(({ relation }) => relation === 'is_named').map(({ entity_name }) => entity_name);
}

function topicOfFact(fact: FactDraft): string[] {
  if (/^(?:is_named|is_aged)$/.test(fact.relation) || fact.modality === 'joking') return [];
  const name = fact.relation === 'feels' ? `feeling ${fact.entity_name}` : fact.entity_name;
  const isAction = fact.entity_type === 'goal' && /^(?:wants|plans_to|needs)$/.test(fact.relation);
  return [isAction ? asDoing(name) : name].filter((topic) => topic.split(' ').length <= 6);
}

const addressed =
  /^(?:getting|meaning|sense|sound|look|check|saying|hearing|like|getting|planning|note|addition|action|care|news|benefit|solution|study|hmm|alright|awesome|wow|wish|saying|concept|kid|love|worth|pleasure|performance|value|direction|ai|friend|companion|assistant|weather|hello|hi|goodbye|today|chat|name|family|boss|colleague|step|year|life|home|world|mind|body)s?$/;

function nounPhrases({ utterances }: Reading): string[] {
  return utterances.flatMap(({ sentences }) => sentences.flatMap(({ tokens }) => phrasesIn(tokens)));
}

function phrasesIn(tokens: readonly Token[]): string[] {
  const found: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const phrase = readNounPhrase(tokens, at);
    if (phrase === undefined) continue;
    const isInterjection = at === 0 && tokens[phrase.end]?.text === ',' && phrase.end === 1;
    at = Math.max(at, phrase.end - 1);
    if (isInterjection) continue;
    const isShort = phrase.name.split(' ').length <= 4 && phrase.name.length > 2;
    const isKnown = isNameable(phrase) && !addressed.test(phrase.head) && !emptyHeads.has(phrase.head);
    // A lone capitalised word may be a greeting; a lone number or day says nothing.
    if (isShort && isKnown && !/\d/.test(phrase.name) && refuseEntity(phrase.name) === undefined)
      found.push(phrase.name);
  }
  return found;
}

/** "tea" beside "collecting tea" adds nothing. */
function withoutContained(names: readonly string[]): string[] {
  const kept: string[] = [];
  for (const name of names) {
    const words = wordsOf(name);
    if (kept.filter((other) => other.startsWith('feeling ')).length > 0 && name.startsWith('feeling '))
      continue;
    const repeats = kept.some((other) => {
      const others = wordsOf(other);
      return words.every((word) => others.includes(word)) || others.every((word) => words.includes(word));
    });
    if (!repeats) kept.push(name);
  }
  return kept;
}

function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.replace(/(?:ing|s)$/, ''));
}
