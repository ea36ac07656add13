import { findFolded, foldText, type FoldedText, type Span } from './fold-text.ts';

/**
 * Stretches of a user's message that are somebody else's words: block quotes,
 * forwarded messages, pasted lines of the bot, speech in quotation marks that is
 * attributed to another. What stands there is no evidence about the user.
 */
export function quotedSpans(content: string, botId: string, saidByBot: readonly FoldedText[]): Span[] {
  const rows = rowsOf(content);
  return [
    ...blockQuotes(content, rows),
    ...forwarded(content, rows),
    ...labelledRows(rows, botId),
    ...attributedSpeech(content, saidByBot),
    ...echoes(rows, saidByBot),
  ];
}

/** Most of the span lies in words that are not the speaker's own. */
export function isQuoted(span: Span, quoted: readonly Span[]): boolean {
  const length = span.end - span.start;
  return quoted.some((other) => {
    const overlap = Math.min(span.end, other.end) - Math.max(span.start, other.start);
    return overlap * 2 > length;
  });
}

interface Row extends Span {
  readonly text: string;
}

function rowsOf(content: string): Row[] {
  return [...content.matchAll(/[^\r\n]+/g)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function blockQuotes(content: string, rows: readonly Row[]): Span[] {
  // Three marks quote everything that follows; a mark before a digit is a comparison (">18").
  const rest = rows.find((row) => /^\s*>>>/.test(row.text));
  const quoted: Span[] = rows.filter((row) => /^\s*>+(?:\s|[\p{L}"'“*_])/u.test(row.text));
  return rest === undefined ? quoted : [...quoted, { start: rest.start, end: content.length }];
}

const forwardMark =
  /^\W*(?:begin )?(?:forwarded|fwd)\b(?: message| from|:|\]|$)|^-+ ?original message ?-+|^on .{4,80} wrote: *$/iu;

function forwarded(content: string, rows: readonly Row[]): Span[] {
  const mark = rows.find((row) => forwardMark.test(row.text));
  return mark === undefined ? [] : [{ start: mark.start, end: content.length }];
}

/** Pasted chat logs: rows under a bot's label, until the next label. */
function labelledRows(rows: readonly Row[], botId: string): Span[] {
  const label = /^\s*\*{0,2}([\p{L}\p{N}][\p{L}\p{N} _.-]{0,40}?)\*{0,2}\s?:\s/u;
  const bots = new Set(['bot', 'ai', 'assistant', 'chatbot', 'chatgpt', 'claude', botId.toLowerCase()]);
  const spans: Span[] = [];
  let inside = false;
  for (const row of rows) {
    const speaker = label.exec(`${row.text} `)?.[1]?.toLowerCase();
    if (speaker !== undefined) inside = bots.has(speaker);
    if (inside) spans.push(row);
  }
  return spans;
}

const attribution =
  /\b(?!i\b)[\p{L}']+ (?:just |once |always |also )?(?:said|says|told (?:me|us)|wrote|writes|replied|answered|asked|quoted?)\b[^.!?\n]{0,20}$/iu;

function attributedSpeech(content: string, saidByBot: readonly FoldedText[]): Span[] {
  const inMarks = [...content.matchAll(/["“„«]([^"“”„«»]{3,})["”“»]/gu)];
  return inMarks
    .filter(
      (match) =>
        attribution.test(content.slice(Math.max(0, match.index - 80), match.index)) ||
        wasSaid(match[1] ?? '', saidByBot, 3),
    )
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

/** Whole rows that repeat the bot word for word, even without any mark. */
function echoes(rows: readonly Row[], saidByBot: readonly FoldedText[]): Span[] {
  return rows.filter((row) => wasSaid(row.text, saidByBot, 5));
}

function wasSaid(text: string, saidByBot: readonly FoldedText[], minWords: number): boolean {
  const needle = foldText(text).text.trim();
  if (needle.split(' ').length < minWords) return false;
  return saidByBot.some((said) => findFolded(said, needle).length > 0);
}
