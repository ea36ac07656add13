import pg from 'pg';
import { sizeOf, type Benchmark } from '../benchmark.ts';
import { loadBotId, randomNumbers } from '../load/chat-load.ts';
import { quantile } from '../report/quantile.ts';

const factsPerProfile = 25;

/** As a bot reads it before it answers: one row by primary key, over its own connection. */
export const profileRead: Benchmark = {
  name: 'profile',
  about: 'a profile read by primary key among 100,000',
  run: async (line, options) => {
    const profiles = sizeOf(options, 100_000, 2_000);
    const reads = options.quick ? 500 : 5_000;
    const database = await line.createDatabase();
    const client = new pg.Client({ connectionString: database.url });
    try {
      await seedProfiles(database.pool, profiles);
      await client.connect();
      const random = randomNumbers(4);
      const times: number[] = [];
      let bytes = 0;
      for (let read = 0; read < reads; read += 1) {
        const userId = `user-${String(Math.floor(random() * profiles)).padStart(7, '0')}`;
        const startedMs = performance.now();
        const { rows } = await client.query<{ prompt_text: string; facts: unknown }>(
          `select facts, preferences, summaries, prompt_text, updated_at
           from afterword.profiles where bot_id = $1 and user_id = $2`,
          [loadBotId, userId],
        );
        times.push(performance.now() - startedMs);
        if (rows[0] === undefined) throw new Error('a profile is missing');
        bytes += rows[0].prompt_text.length + JSON.stringify(rows[0].facts).length;
      }
      times.sort((a, b) => a - b);
      return {
        measurements: [
          { what: 'p50 of a read', value: quantile(times, 0.5), unit: 'ms' },
          { what: 'p95 of a read', value: quantile(times, 0.95), unit: 'ms', goal: { atMost: 5 } },
        ],
        details: { profiles, reads, factsPerProfile, charactersPerProfile: Math.round(bytes / reads) },
      };
    } finally {
      await client.end();
      await database.drop();
    }
  },
};

/** Profiles of a usual size, written by SQL; their texts differ, so that they compress as real ones do. */
async function seedProfiles(pool: pg.Pool, profiles: number): Promise<void> {
  await pool.query(
    `with run as (insert into afterword.runs (status) values ('live') returning run_id)
     insert into afterword.user_keys (bot_id, user_id, run_id, partition)
     select $2, 'user-' || lpad(n::text, 7, '0'), run_id, 0 from run, generate_series(0, $1::int - 1) as n`,
    [profiles, loadBotId],
  );
  await pool.query(
    `insert into afterword.profiles (bot_id, user_id, key_id, run_id, facts, preferences, summaries, prompt_text, sequence)
     select k.bot_id, k.user_id, k.key_id, k.run_id, jsonb_build_object('likes', f.facts), '[]', '[]', f.prompt_text, 1
     from afterword.user_keys k cross join lateral (
       select jsonb_agg(jsonb_build_object('fact_id', md5(k.key_id::text || n), 'sentence', 'Likes ' || md5(n::text || k.key_id),
           'relation', 'likes', 'predicate', null, 'entity_name', md5(n::text || k.key_id), 'entity_type', 'food',
           'attributes', '{}'::jsonb, 'polarity', 'positive', 'status', 'current', 'confidence', 0.7,
           'valid_from', '2026-01-01T00:00:00Z', 'valid_to', null, 'last_seen', '2026-01-01T00:00:00Z',
           'channels', '[]'::jsonb)) as facts,
         string_agg('- Likes ' || md5(n::text || k.key_id), E'\\n') as prompt_text
       from generate_series(1, $1::int) as n) f`,
    [factsPerProfile],
  );
  await pool.query('vacuum analyze');
}
