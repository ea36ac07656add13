import { createHash } from 'node:crypto';
import { calendarOf, type LocalTime } from './calendar.ts';
import { hasText } from './evidence.ts';
import { cutMiddle, fairLimit } from './line-budget.ts';
import type { Transcript, TranscriptLine } from './transcript.ts';

export interface RenderOptions {
  /** IANA zone of the shown times; UTC unless told. */
  readonly timeZone?: string;
  /** Longest stretch of one message, in characters; longer ones lose their middle. */
  readonly maxLineChars?: number;
  /** Characters of message text altogether; above it the longest lines are cut further. */
  readonly maxChars?: number;
}

/** However little room there is, a line keeps this much. */
const minLineChars = 80;

/**
 * The window as a model reads it: between two markers a header, numbered lines and
 * a line at each midnight. The same window gives the same text, byte for byte.
 *
 * What people wrote cannot leave its place: only numbered lines and day lines begin
 * at the margin (line breaks inside a message are indented), and the markers carry a
 * hash of everything between them, which no message can contain.
 */
export function renderTranscript(transcript: Transcript, options: RenderOptions = {}): string {
  const zone = options.timeZone ?? 'UTC';
  const limit = lineLimit(transcript, options);
  const header = [
    `Times are in ${zone}. The bot is called ${nameOf(transcript.botId)}; the user's id is ${nameOf(transcript.userId)}.`,
    `Lines 1 to ${transcript.lines.length}.`,
  ].join(' ');
  const body = [header, ...rows(transcript.lines, calendarOf(zone), limit)].join('\n');
  const seal = createHash('sha256').update(body).digest('hex').slice(0, 24);
  return `<<<TRANSCRIPT ${seal}>>>\n${body}\n<<<END ${seal}>>>`;
}

function lineLimit(transcript: Transcript, options: RenderOptions): number {
  const lengths = transcript.lines.map((line) => line.message.content.length);
  return fairLimit(lengths, options.maxChars ?? 240_000, options.maxLineChars ?? 2_000, minLineChars);
}

function rows(
  lines: readonly TranscriptLine[],
  calendar: (ms: number) => LocalTime,
  limit: number,
): string[] {
  let today = '';
  return lines.flatMap((line) => {
    const { day, time } = calendar(line.message.sentAtMs);
    const row = `[${line.number}] ${line.message.role} ${time} ${textOf(line, limit)}`;
    if (day === today) return [row];
    today = day;
    return [`-- ${day} --`, row];
  });
}

function textOf(line: TranscriptLine, limit: number): string {
  // The number stays, so that those that follow keep theirs.
  return hasText(line) ? harmless(cutMiddle(line.message.content, limit)) : '(no text)';
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
