import type { DraftEvidence, FactDraft } from '../stages/drafts.ts';
import { draftOf, type Claim } from './claims.ts';
import type { Sentence } from './language-model.ts';
import type { BotQuestion, Utterance } from './reading.ts';

/** How agreement begins. */
export const yes = /^(?:yes|yeah|yep|yup|sure|of course|definitely|absolutely|indeed|i do|i am|i have)\b/i;

/** A claim that cites the bot's question and the user's answer. */
export function withBoth(
  claim: Claim,
  { line }: Utterance,
  question: BotQuestion,
  first: Sentence,
  end: number,
): FactDraft {
  const quote = line.message.content.slice(first.start, first.tokens[end - 1]?.end ?? first.end);
  const at = question.line.message.content.replaceAll('’', "'").indexOf(question.text);
  const asked: DraftEvidence = {
    line: question.line.number,
    quote: question.line.message.content.slice(at, at + question.text.length),
  };
  return { ...draftOf(claim), evidence: [asked, { line: line.number, quote }] };
}
