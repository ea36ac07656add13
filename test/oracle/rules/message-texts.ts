import { canonicalJson } from '../canonical-json.ts';
import type { Rule } from '../seen.ts';
import type { MessageRow } from '../snapshot.ts';
import type { ToldMessage } from '../told-messages.ts';

/**
 * The newest edit wins, a delete is final, in whichever order they came; and a message keeps
 * its own time and place.
 */
export const messageTexts: Rule = ({ messages }) =>
  messages.told.flatMap((told) => {
    const [row] = told.rows;
    if (row === undefined) return [];
    const wrong = [...wrongText(told, row), ...wrongTime(told, row)];
    return wrong.length === 0 ? [] : [`${told.name}, row ${row.identity}: ${wrong.join('; ')}`];
  });

function wrongText({ isDeleted, contents, source: { event } }: ToldMessage, row: MessageRow): string[] {
  const { metadata, extra } = event;
  return [
    row.deleted === isDeleted ? '' : `deleted is ${String(row.deleted)}`,
    contents.includes(row.content) ? '' : `its text is none of ${contents.length} that it may be`,
    canonicalJson(row.metadata) === canonicalJson(isDeleted ? null : metadata) ? '' : 'its metadata differs',
    canonicalJson(row.extra) === canonicalJson(isDeleted ? null : extra) ? '' : 'its unknown fields differ',
  ].filter((fault) => fault !== '');
}

function wrongTime({ isAhead, sentAtMs, source: { record } }: ToldMessage, row: MessageRow): string[] {
  if (row.clamped !== isAhead && record.timestampMs <= row.receivedMs)
    return [`clamped is ${String(row.clamped)}`];
  if (isAhead && row.sentAtMs > record.timestampMs) return ['its time lies ahead of its record'];
  if (row.sentAtMs !== sentAtMs) return [`its time is ${row.sentAtMs}, it was sent at ${sentAtMs}`];
  return [];
}
