import type { Span } from './fold-text.ts';

// Knows abbreviations, paragraphs and the terminators of other scripts.
const sentences = new Intl.Segmenter('und', { granularity: 'sentence' });

const endsInMark = /[?？؟՞][\s!?？)\]"'”’»*_~\p{Extended_Pictographic}\ufe0f]*$/u;
// "I live in Berlin, you know?" states what it says; the mark asks for a nod only.
const statementWithTag =
  /^(?:so|well|and|but|oh|hey)?,? ?(?:i|i'm|i’m|i've|i’ve|my|we)\b.*, ?(?:right|you know|ok|okay|huh|yeah|no|remember)[?？]/iu;
const askedWithoutMark =
  /^(?:(?:so|and|but|hey|ok|okay|well),? )?(?:(?:do|does|did|are|is|was|were|can|could|will|would|should|have|has) (?:you|u|i|we)\b|(?:what|where|when|why|who|how|which)(?:'s|’s| is| are| do| does| did| can| would) (?:you|u|your)\b)/iu;

/** Every sentence that the span touches asks; a question alone says nothing about who asks it. */
export function isQuestionOnly(content: string, span: Span): boolean {
  const touched = [...sentences.segment(content)].filter(
    ({ index, segment }) => index < span.end && index + segment.length > span.start && segment.trim() !== '',
  );
  return touched.length > 0 && touched.every(({ segment }) => isQuestion(segment.trim()));
}

function isQuestion(sentence: string): boolean {
  if (statementWithTag.test(sentence)) return false;
  return endsInMark.test(sentence) || askedWithoutMark.test(sentence);
}
