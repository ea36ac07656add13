import type pg from 'pg';

/** Of deletes that had time to meet their messages. */
export interface DeletesFound {
  readonly deletes: number;
  /** Those that name no message that is stored. */
  readonly lost: number;
}

const atMost = 1_000;

/** Looks at a thousand of them: enough to see whether a bot names its messages in another way than before. */
export async function readDeletes(pool: pg.Pool): Promise<DeletesFound> {
  const { rows } = await pool.query<{ deletes: string; lost: string }>(
    `select count(*) as deletes, count(*) filter (where m.identity is null) as lost
     from (
       select target from afterword.message_changes
       where kind = 'delete' and received_at < clock_timestamp() - interval '1 hour' limit $1
     ) c
     left join afterword.messages m on m.identity = c.target`,
    [atMost],
  );
  return { deletes: Number(rows[0]?.deletes ?? 0), lost: Number(rows[0]?.lost ?? 0) };
}
