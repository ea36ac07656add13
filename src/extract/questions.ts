import type { Span } from './fold-text.ts';

// Knows abbreviations, paragraphs and the terminators of other scripts.
const sentences = new Intl.Segmenter('und', { granularity: 'sentence' });

const endsInMark = /[?？؟՞][\s!?？)\]"'”’»*_~\p{Extended_Pictographic}\ufe0f]*$/u;
const askedWithoutMark =
  /^(?:(?:so|and|but|hey|ok|okay|well),? )?(?:(?:do|does|did|are|is|was|were|can|could|will|would|should|have|has) (?:you|u|i|we)\b|(?:what|where|when|why|who|how|which)(?:'s|’s| is| are| do| does| did| can| would) (?:you|u|your)\b)/iu;
const speaksOfOneself =
  /^\s*(?:(?:so|and|but|well|oh|hey|hi|hello|yes|yeah|no|also|actually|recently|lately)\s+)*(?:i|my|we|our)(?:['’](?:m|ve|d|ll|re))?(?![\p{L}'’])/iu;

/** A sentence is looked for so far around a quote: segmenting takes time by the square of the length. */
const reach = 1_000;

/** Every sentence that the span touches asks; a question alone says nothing about who asks it. */
export function isQuestionOnly(content: string, span: Span): boolean {
  const from = Math.max(0, span.start - reach);
  const around = content.slice(from, Math.min(span.end, span.start + reach) + reach);
  const touched = [...sentences.segment(around)]
    .map(({ index, segment }) => ({
      start: from + index,
      end: from + index + segment.length,
      text: segment,
    }))
    .filter(({ start, end, text }) => start < span.end && end > span.start && text.trim() !== '');
  return touched.length > 0 && touched.every((sentence) => asks(sentence, span));
}

interface Sentence extends Span {
  readonly text: string;
}

function asks(sentence: Sentence, span: Span): boolean {
  const text = sentence.text.trim();
  if (!endsInMark.test(text) && !askedWithoutMark.test(text)) return false;
  return !touchesStatement(sentence, span);
}

/**
 * "I live in Berlin, do you?" states before it asks. Of a sentence that asks, the
 * clauses before the last one that speak of oneself are statements.
 */
function touchesStatement(sentence: Sentence, span: Span): boolean {
  const clauses = [...sentence.text.matchAll(/[^,;:–—]+/gu)].slice(0, -1);
  return clauses.some((clause) => {
    const start = sentence.start + clause.index;
    const touched = start < span.end && start + clause[0].length > span.start;
    return touched && speaksOfOneself.test(clause[0]);
  });
}
