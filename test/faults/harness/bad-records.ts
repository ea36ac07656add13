import { encode, type LoadRecord } from './load-record.ts';
import type { Random } from './random.ts';

const whole = { type: 'message', id: 'bad', role: 'user', content: 'nothing that anybody can use' };
const address = { bot_id: 'iris', user_id: 'somebody' };

/** What has to end as a dead letter: each for another reason. */
const bad: readonly (string | null)[] = [
  null,
  '',
  'no JSON at all',
  '[1, 2, 3]',
  '{"bot_id": "iris", "user_id": ',
  JSON.stringify({ ...whole, user_id: 'somebody' }),
  JSON.stringify({ ...whole, bot_id: 'iris' }),
  JSON.stringify({ ...whole, ...address, sent_at: 'yesterday' }),
  JSON.stringify({ ...whole, ...address, sent_at: '2026-02-03T04:05:06' }),
  JSON.stringify({ ...whole, ...address, sent_at: 1_700_000_000 }),
  JSON.stringify({ ...whole, ...address, role: 'nobody' }),
];

export function badRecord(random: Random): LoadRecord {
  return { key: random.happens(0.5) ? null : 'iris/somebody', value: random.pick(bad) };
}

/** Of a type that this version does not know: counted, and nothing else. */
export function unknownType({ bot_id, user_id }: typeof address): LoadRecord {
  return encode({ type: 'message.reaction', bot_id, user_id, emoji: 'thumbs up' });
}
