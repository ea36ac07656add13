import type { FactDraft } from '../stages/drafts.ts';
import { withBoth } from './both-lines.ts';
import type { Claim } from './claims.ts';
import { parseText, type Sentence } from './language-model.ts';
import { readAction } from './lists.ts';
import { readNounPhrase } from './phrases.ts';
import type { BotQuestion, Utterance } from './reading.ts';
import { isGoal } from './rules/intentions.ts';

const agreement =
  /^(?:(?:yes|yeah|sure|ok|okay|wow|great)[,!.]? ?)?(?:yes|yeah|sure|of course|definitely|absolutely|(?:that |it )?sounds? (?:good|great|nice|fun|wonderful|like a (?:good|great) idea)|(?:that's a |what a )?(?:good|great) idea|i'd (?:love|like) (?:to|that)|i would (?:love|like) (?:to|that)|why not)\b/i;

const ofTheTalk =
  /^(?:share|talk|tell|chat|hear|know|discuss|listen|continue|ask|say|explain|describe|read|see|look|check|start|begin|give|get|recommend)$/;

/** "Would you like to learn to surf?" / "Yes, I'd love to": wanted, in the bot's words. */
export function readProposal(utterance: Utterance, question: BotQuestion, first: Sentence): FactDraft[] {
  const text = utterance.text.slice(first.start, first.end);
  const words = first.tokens.filter(({ pos }) => pos !== 'PUNCT');
  const proposal =
    /\b(?:would you (?:like|want|be interested)|do you want|are you planning|do you plan)(?: to|ing to| in)? (?=[a-z])/i.exec(
      question.text,
    );
  if (
    proposal === null ||
    !agreement.test(text) ||
    words.length > 8 ||
    words.some(({ lower }) => lower === 'but')
  )
    return [];
  const asked = parseText(question.text.slice(proposal.index + proposal[0].length))[0]?.tokens ?? [];
  const action = readAction(asked, 0);
  if (action === undefined || ofTheTalk.test(action.head) || !isGoal(action.name, action.head, 'wants'))
    return [];
  const claim: Claim = {
    relation: 'wants',
    name: action.name,
    type: 'goal',
    confidence: 0.8,
    end: 0,
    isImplied: true,
  };
  return [{ ...withBoth(claim, utterance, question, first, first.tokens.length), modality: 'implied' }];
}

/** "Which movie did you watch?" / "It's called Casablanca". */
export function readTitle(utterance: Utterance, question: BotQuestion, first: Sentence): FactDraft[] {
  const kind =
    /\b(?:which|what)(?:'s| is| was)? (?:the (?:name|title) of )?(?:the |this |that )?(movie|film|book|novel|show|series|documentary)\b/i
      .exec(question.text)?.[1]
      ?.toLowerCase();
  if (
    kind === undefined ||
    !/\b(?:watch|watched|watching|see|saw|read|reading|was it|is it)\b/i.test(question.text)
  )
    return [];
  const lead = /^(?:it|its|it's|the)\b.{0,12}?\b(?:called|named|name is|was|is)$/;
  const at = first.tokens.findIndex(
    ({ text }, index) => (text === '"' || /^\p{Lu}/u.test(text)) && index > 1,
  );
  const before = first.tokens
    .slice(0, Math.max(at, 0))
    .map(({ lower }) => lower)
    .join(' ')
    .replace(" '", "'");
  const title = at < 0 || !lead.test(before) ? undefined : readNounPhrase(first.tokens, at);
  if (title?.isProper !== true) return [];
  const predicate = /^(?:book|novel)$/.test(kind) ? 'has read' : 'has watched';
  const claim: Claim = {
    relation: 'other',
    predicate,
    name: title.name,
    type: 'media',
    attributes: { kind },
    confidence: 0.88,
    end: title.end,
  };
  return [withBoth(claim, utterance, question, first, title.end)];
}
