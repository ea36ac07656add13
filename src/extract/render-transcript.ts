import { createHash } from 'node:crypto';
import { calendarOf, type LocalTime } from './calendar.ts';
import { charsWithinTokens, estimateTokens } from './estimate-tokens.ts';
import { hasText } from './evidence.ts';
import { cutMiddle } from './line-budget.ts';
import type { LineRange } from './split-lines.ts';
import type { Transcript, TranscriptLine } from './transcript.ts';

export interface RenderOptions {
  /** IANA zone of the shown times; UTC unless told. */
  readonly timeZone?: string;
  /** Most of one message, in tokens as estimated; a longer one loses its middle. */
  readonly maxLineTokens?: number;
}

/** An eighth of what is asked about at once: 30,000 characters of English. */
const defaultMaxLineTokens = 10_000;

/**
 * The window as a model reads it, or a range of its lines: between two markers a header,
 * numbered lines and a line at each midnight. The same window gives the same text, byte for byte.
 *
 * What people wrote cannot leave its place: only numbered lines and day lines begin
 * at the margin (line breaks inside a message are indented), and the markers carry a
 * hash of everything between them, which no message can contain.
 */
export function renderTranscript(
  transcript: Transcript,
  options: RenderOptions = {},
  range: LineRange = { from: 0, to: transcript.lines.length },
): string {
  const zone = options.timeZone ?? 'UTC';
  const rows = rowsOf(transcript.lines.slice(range.from, range.to), calendarOf(zone), options);
  const body = [headerOf(transcript, zone, range), ...rows].join('\n');
  const seal = createHash('sha256').update(body).digest('hex').slice(0, 24);
  return `<<<TRANSCRIPT ${seal}>>>\n${body}\n<<<END ${seal}>>>`;
}

/** Tokens of each line as it is rendered, and the most of what stands around them, as estimated. */
export function renderedTokens(
  transcript: Transcript,
  options: RenderOptions = {},
): { readonly lines: readonly number[]; readonly frame: number } {
  const zone = options.timeZone ?? 'UTC';
  const rows = rowsOf(transcript.lines, calendarOf(zone), options);
  const frame = renderTranscript({ ...transcript, lines: [] }, options, { from: 0, to: 0 });
  return { lines: rows.map((row) => estimateTokens(`${row}\n`)), frame: estimateTokens(frame) + frameSlack };
}

/** The numbers of a header, and the line of a first day. */
const frameSlack = 60;

function headerOf(transcript: Transcript, zone: string, { from, to }: LineRange): string {
  const { length } = transcript.lines;
  const part =
    to - from < length
      ? `Lines ${from + 1} to ${to} of ${length}, read by themselves`
      : `Lines 1 to ${length}`;
  const names = `The bot is called ${nameOf(transcript.botId)}; the user's id is ${nameOf(transcript.userId)}`;
  return `Times are in ${zone}. ${names}. ${part}.`;
}

/** One text a line, with the line of its day before the first of each. */
function rowsOf(
  lines: readonly TranscriptLine[],
  calendar: (ms: number) => LocalTime,
  { maxLineTokens = defaultMaxLineTokens }: RenderOptions,
): string[] {
  let today = '';
  return lines.map((line) => {
    const { day, time } = calendar(line.message.sentAtMs);
    const row = `[${line.number}] ${line.message.role} ${time} ${textOf(line, maxLineTokens)}`;
    if (day === today) return row;
    today = day;
    return `-- ${day} --\n${row}`;
  });
}

function textOf(line: TranscriptLine, maxTokens: number): string {
  const { content } = line.message;
  // The number stays, so that those that follow keep theirs.
  return hasText(line) ? harmless(cutMiddle(content, charsWithinTokens(content, maxTokens))) : '(no text)';
}

/** An id chosen by a platform, or by its user: one line, short, without marks. */
function nameOf(id: string): string {
  return JSON.stringify(harmless(id.slice(0, 80)).replace(/\s+/gu, ' '));
}

const lineBreaks = /[\n\r\u000b\u000c\u0085\u2028\u2029]\s*/gu;
// Controls, and marks that turn the direction of text: they can make a line look like another.
const controls = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu;

function harmless(text: string): string {
  return (
    text
      .replace(lineBreaks, '\n      ')
      .replace(controls, ' ')
      .replace(/\p{Surrogate}/gu, '\ufffd')
      // A look-alike of the markers; the zero-width space is forgiven by the evidence check.
      .replace(/<(?=<)|>(?=>)/gu, (mark) => `${mark}\u200b`)
      .trimEnd()
  );
}
