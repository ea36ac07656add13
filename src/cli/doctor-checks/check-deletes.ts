import { readDeletes, type DeletesFound } from '../../adapters/postgres/read-deletes.ts';
import type { OpenDatabase } from '../../resources.ts';
import { looking, warn, type Finding } from './check.ts';

/** Few may come from a platform that tells of deletes of messages which were never published. */
const worthTelling = 10;

/** A delete that names its message otherwise than the message did takes nothing, and nobody else would say so. */
export function checkDeletes({ pool }: OpenDatabase): Promise<readonly Finding[]> {
  return looking('deletes', 'check the database', async () => judgeDeletes(await readDeletes(pool)));
}

function judgeDeletes({ deletes, lost }: DeletesFound): Finding[] {
  if (lost < worthTelling || lost * 2 < deletes) return [];
  return [
    warn(
      'deletes',
      `${lost} of ${deletes} name no message that is stored, so they deleted nothing`,
      'give a delete the bot_id, user_id, channel_id and id that its message had',
    ),
  ];
}
