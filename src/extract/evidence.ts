import type { Evidence } from '../model/results.ts';
import { findFolded, foldText, type FoldedText, type Span } from './fold-text.ts';
import { isQuestionOnly } from './questions.ts';
import { isQuoted, quotedSpans } from './quoted-text.ts';
import { givesInstructions } from './instructions.ts';
import type { DraftEvidence } from './stages/drafts.ts';
import type { Transcript, TranscriptLine } from './transcript.ts';

/** A quote that code has found, verbatim, in a line that may be evidence. */
export interface HeldQuote {
  readonly line: TranscriptLine;
  /** The original's own substring, never the analyser's spelling of it. */
  readonly quote: string;
  /** The quote only asks; it can carry context, not a claim. */
  readonly asks: boolean;
  /** The window's messages are of several channels, which may use one id for two messages. */
  readonly amongChannels: boolean;
}

export type QuoteRefusal =
  | 'quote-empty'
  | 'quote-not-found'
  | 'quote-ambiguous'
  | 'quote-of-system-or-tool'
  | 'quote-of-others-words'
  | 'quote-of-instructions';

export type EvidenceRefusal = QuoteRefusal | 'no-evidence' | 'no-user-evidence';

/** The evidence that holds, in the order of the lines, or why the claim has none. */
export type EvidenceCheck =
  | {
      readonly held: true;
      readonly quotes: readonly HeldQuote[];
      readonly dropped: number;
      /** Why each of them was. */
      readonly droppedBy: readonly QuoteRefusal[];
    }
  | { readonly held: false; readonly reason: EvidenceRefusal };

/**
 * Promise P5: a claim stands on at least one verbatim quote of the user's own words.
 * Quotes that fail are dropped; the claim falls only when no user's quote is left.
 */
export function checkEvidence(drafts: readonly DraftEvidence[], transcript: Transcript): EvidenceCheck {
  const located = drafts.map((draft) => locate(draft, searchOf(transcript)));
  const quotes = distinct(located.filter((found) => typeof found !== 'string'));
  if (quotes.some((quote) => quote.line.message.role === 'user')) {
    const droppedBy = located.filter((found) => typeof found === 'string');
    return { held: true, quotes, dropped: droppedBy.length, droppedBy };
  }
  if (quotes.length > 0) return { held: false, reason: 'no-user-evidence' };
  return { held: false, reason: located.find((found) => typeof found === 'string') ?? 'no-evidence' };
}

export function toEvidence(quotes: readonly HeldQuote[]): Evidence[] {
  return distinct(quotes).map(({ line: { message }, quote, amongChannels }) => ({
    message_id: message.messageId,
    quote,
    ...(amongChannels && { channel_id: message.channelId }),
  }));
}

/** The event time of the newest words by the user among the quotes. */
export function newestUserQuoteMs(quotes: readonly HeldQuote[]): number {
  return quotes
    .filter(({ line }) => line.message.role === 'user')
    .reduce((newest, { line }) => Math.max(newest, line.message.sentAtMs), Number.NEGATIVE_INFINITY);
}

/** Deleted, blanked and blank messages carry nothing. */
export function hasText(line: TranscriptLine): boolean {
  return !line.message.deleted && line.message.content.trim() !== '';
}

function locate(draft: DraftEvidence, search: Search): HeldQuote | QuoteRefusal {
  const needles = needlesOf(draft.quote);
  if (needles.length === 0) return 'quote-empty';
  const cited = search.lines.get(draft.line);
  const own = cited === undefined ? [] : search.find(cited, needles);
  if (cited !== undefined && own.length > 0) return holdIn(cited, own, search);
  // A wrong number with the right words is the commonest slip; only an unmistakable one is mended.
  const elsewhere = [...search.lines.values()]
    .filter((line) => line !== cited && canBeEvidence(line))
    .map((line) => ({ line, spans: search.find(line, needles) }))
    .filter(({ spans }) => spans.length > 0);
  const only = elsewhere[0];
  if (only === undefined) return 'quote-not-found';
  return elsewhere.length > 1 ? 'quote-ambiguous' : holdIn(only.line, only.spans, search);
}

function holdIn(line: TranscriptLine, spans: readonly Span[], search: Search): HeldQuote | QuoteRefusal {
  if (!canBeEvidence(line)) return 'quote-of-system-or-tool';
  const own = spans.find((span) => !isQuoted(span, search.quotedIn(line)));
  if (own === undefined) return 'quote-of-others-words';
  const { content } = line.message;
  if (line.message.role === 'user' && givesInstructions(content)) return 'quote-of-instructions';
  return {
    line,
    quote: content.slice(own.start, own.end),
    asks: isQuestionOnly(content, own),
    amongChannels: search.amongChannels,
  };
}

function canBeEvidence(line: TranscriptLine): boolean {
  return line.message.role === 'user' || line.message.role === 'assistant';
}

/** The quote as given, then without the marks and dots that models put around quotes. */
function needlesOf(quote: string): string[] {
  const whole = foldText(quote).text.trim();
  const bare = whole.replace(/^(?:["']|\.{3})+\s*|\s*(?:["']|\.{3})+$/g, '');
  return [...new Set([whole, bare])].filter((needle) =>
    /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(needle),
  );
}

function distinct(quotes: readonly HeldQuote[]): HeldQuote[] {
  const byPlace = new Map(quotes.map((held) => [`${String(held.line.number)} ${held.quote}`, held]));
  return [...byPlace.values()].sort((a, b) => a.line.number - b.line.number);
}

/** A transcript prepared for many look-ups: each line is folded once, when first needed. */
class Search {
  readonly lines: ReadonlyMap<number, TranscriptLine>;
  readonly amongChannels: boolean;
  readonly #botId: string;
  readonly #folded = new Map<TranscriptLine, FoldedText>();
  readonly #quoted = new Map<TranscriptLine, readonly Span[]>();

  constructor(transcript: Transcript) {
    this.#botId = transcript.botId;
    this.amongChannels = new Set(transcript.lines.map(({ message }) => message.channelId)).size > 1;
    this.lines = new Map(transcript.lines.filter(hasText).map((line) => [line.number, line]));
  }

  find(line: TranscriptLine, needles: readonly string[]): Span[] {
    const folded = this.#fold(line);
    for (const needle of needles) {
      const spans = findFolded(folded, needle);
      if (spans.length > 0) return spans;
    }
    return [];
  }

  /** Others' words within a user's line; a bot's own line is context as a whole. */
  quotedIn(line: TranscriptLine): readonly Span[] {
    if (line.message.role !== 'user') return [];
    const known = this.#quoted.get(line);
    if (known !== undefined) return known;
    const spans = quotedSpans(line.message.content, this.#botId, this.#saidBefore(line));
    this.#quoted.set(line, spans);
    return spans;
  }

  #fold(line: TranscriptLine): FoldedText {
    const folded = this.#folded.get(line) ?? foldText(line.message.content);
    this.#folded.set(line, folded);
    return folded;
  }

  #saidBefore(line: TranscriptLine): FoldedText[] {
    return [...this.lines.values()]
      .filter((other) => other.number < line.number && other.message.role === 'assistant')
      .map((other) => this.#fold(other));
  }
}

// All stages of a window check against the same transcript; prepare it once.
const searches = new WeakMap<Transcript, Search>();

function searchOf(transcript: Transcript): Search {
  const search = searches.get(transcript) ?? new Search(transcript);
  searches.set(transcript, search);
  return search;
}
