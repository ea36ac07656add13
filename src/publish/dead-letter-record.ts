import type { OutgoingDeadLetter } from './outbox.ts';
import type { OutgoingRecord } from './record-sink.ts';

/**
 * A dead letter's copy on its topic: key, value and headers byte for byte, beside them
 * where it came from and why, as text. No stack and no value in `detail`: both could
 * quote a conversation.
 */
export function deadLetterRecord(topic: string, letter: OutgoingDeadLetter): OutgoingRecord {
  const own: Record<string, string> = {
    afterword_reason: letter.reason,
    afterword_detail: letter.detail,
    afterword_topic: letter.topic,
    afterword_partition: String(letter.partition),
    afterword_offset: letter.offset.toString(),
    afterword_timestamp: timeText(letter.timestampMs),
  };
  return {
    topic,
    key: letter.key,
    value: letter.value,
    headers: [
      ...letter.headers,
      ...Object.entries(own).map(([name, text]) => ({ name, value: Buffer.from(text, 'utf8') })),
    ],
  };
}

/** What a broken producer sends may lie beyond every calendar: then the number as it is. */
function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/** Without the bytes, for a topic that refuses their size; the whole letter stays in Postgres. */
export function withoutBytes(record: OutgoingRecord): OutgoingRecord {
  return {
    ...record,
    key: null,
    value: null,
    headers: [
      ...record.headers.filter(({ name }) => name.startsWith('afterword_')),
      { name: 'afterword_truncated', value: Buffer.from('true') },
    ],
  };
}
