import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runShow } from '../../src/cli/show.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { preference, saidFact, seedMemory, seedPerson, seedWindow } from '../migrations/seed.ts';
import { commandHarness } from './command-harness.ts';

const identity = (n: number): string => `00000000-0000-0000-0000-00000000000${n}`;

describeWithPostgres('afterword show', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    const ann = await seedPerson(pool, 'aria', 'ann');
    await seedPerson(pool, 'aria', 'new');
    const windowId = await seedWindow(pool, ann, {
      startedAt: '2026-03-01T10:00:00Z',
      work: 'done',
      summary: {},
    });
    const other = await seedWindow(pool, ann, { startedAt: '2026-03-02T10:00:00Z', work: 'retrying' });
    await pool.query(
      `insert into afterword.summary_links (window_id, earlier_window_id, key_id, embedder, similarity)
       values ($1, $2, $3, 'lexical', 0.91)`,
      [windowId, other, ann.keyId],
    );
    await pool.query(`update afterword.extractions set language = 'de' where window_id = $1`, [windowId]);
    await seedWindow(pool, ann, { startedAt: '2026-03-03T10:00:00Z', status: 'open' });
    for (const [n, role] of ['user', 'assistant'].entries()) {
      await pool.query(
        `insert into afterword.messages (identity, key_id, sent_at_ms, role, message_id, content, content_hash,
           source_partition, source_offset) values ($1, $2, 0, $3, $4, 'x', '', 0, 0)`,
        [identity(n), ann.keyId, role, `m${n}`],
      );
    }
    const rome = saidFact(
      { relation: 'lives_in', entity_name: 'Rome', entity_type: 'place' },
      'I live in Rome',
      '2026-01-01',
      { windowId, messageId: 'm0' },
    );
    const porto = saidFact(
      { relation: 'lives_in', entity_name: 'Porto', entity_type: 'place' },
      'I moved\u001b[31m to Porto',
      '2026-03-01',
      { windowId, messageId: 'm0' },
    );
    const cat = saidFact(
      { relation: 'has', entity_name: 'cat', entity_type: 'pet' },
      'So you have a cat!',
      '2026-03-01',
      { windowId, messageId: 'm1' },
    );
    await pool.query(
      `insert into afterword.profiles (bot_id, user_id, key_id, run_id, facts, preferences, summaries, prompt_text, sequence)
       values ('aria', 'ann', $1, $2, '{}', '[]', '[]', $3, 1)`,
      [ann.keyId, ann.runId, 'About\n- Lives in Porto'],
    );
    await seedMemory(pool, ann, {
      facts: [rome, porto, cat],
      preferences: [
        preference(
          { key: 'preferred_name', value: 'Annie', reasoning: 'asked to be called so' },
          { on: '2026-03-01', windowId },
        ),
      ],
    });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('tells a person by sections, with the words, who said them, when, and how sure it is', async () => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url });
    expect(await runShow(context, { bot: 'aria', user: 'ann', json: false })).toBe(0);
    const text = out.join('\n');
    expect(out[0]).toBe('ann, as aria knows them');
    expect(text).toMatch(/About\n {2}Lives in Porto {2}\(\d+ %, 1 window, last 2026-03-01/);
    expect(text).toContain('“I moved\u{fffd}[31m to Porto” — ann, 2026-03-01 00:00, m0');
    expect(text).toMatch(/People and pets\n {2}Has a cat .*\n {6}“So you have a cat!” — aria/);
    expect(text).toMatch(/Earlier\n {2}Used to live in Rome \(until March 2026\)/);
    expect(text).toMatch(
      /Preferences\n {2}preferred name: Annie {2}\(asked for, \d+ %.*\n {6}because: asked to be called so/,
    );
    expect(text).toContain(
      '2026-03-01 10:00–10:12  The user spoke of Luna, their cat. [cats, moving house] (much as on 2026-03-02)',
    );
    expect(text).toContain('3 windows: 1 enriched\nwritten in: German (1)\npending: 1 open, 1 retrying');
  });

  it('gives a program the profile document with all evidence', async () => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url });
    expect(await runShow(context, { bot: 'aria', user: 'ann', json: true })).toBe(0);
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      bot_id: 'aria',
      user_id: 'ann',
      facts: {
        about: [
          { sentence: 'Lives in Porto', window_count: 1, evidence: [{ message_id: 'm0', role: 'user' }] },
        ],
        earlier: [{ entity_name: 'Rome', status: 'superseded' }],
      },
      preferences: [{ key: 'preferred_name', value: 'Annie', reasoning: 'asked to be called so' }],
      summaries: [
        {
          summary_text: 'The user spoke of Luna, their cat.',
          near_duplicates: [{ started_at: '2026-03-02T10:00:00.000Z', similarity: 0.91 }],
        },
      ],
      windows: { enriched: 1, open: 1, retrying: 1 },
      languages: { de: 1 },
      prompt_text: 'About\n- Lives in Porto',
    });
  });

  it('says that nothing is known of a person without facts', async () => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url });
    expect(await runShow(context, { bot: 'aria', user: 'new', json: false })).toBe(0);
    expect(out.join('\n')).toContain('Nothing is known that their own words support.');
  });

  it.each([
    ['bruno', 'ann', 'known to: aria'],
    ['aria', 'anna', 'aria knows ann, new'],
    ['carla', 'eve', 'afterword status'],
  ])('exits 1 for %s and %s, and helps', async (bot, user, help) => {
    const { context, out, notes } = commandHarness({ DATABASE_URL: database.url });
    expect(await runShow(context, { bot, user, json: false })).toBe(1);
    expect(out).toEqual([]);
    expect(notes.join('\n')).toContain(help);
  });
});
