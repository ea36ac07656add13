import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runShow } from '../../src/cli/show.ts';
import { conversation, learn } from '../publish/learning.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { commandHarness } from './command-harness.ts';

const group = { channel: 'lobby', channelType: 'group' } as const;
const inPrivate = { channel: 'dm-ann', channelType: 'dm' } as const;

describeWithPostgres('afterword show with MEMORY_SCOPE=user', () => {
  let harness: StoreHarness;
  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  afterAll(async () => {
    await harness.close();
  });
  beforeEach(async () => {
    await harness.begin();
  });

  async function show(bot: string, scope = 'user'): Promise<string> {
    const command = commandHarness({ DATABASE_URL: harness.url, MEMORY_SCOPE: scope });
    const exitCode = await runShow(command.context, { bot, user: 'ann', json: false });
    const program = commandHarness({ DATABASE_URL: harness.url, MEMORY_SCOPE: scope });
    await runShow(program.context, { bot, user: 'ann', json: true });
    return `exit ${exitCode}\n${command.text()}\n${program.text()}`;
  }

  it('tells what other bots heard in open channels, and names them', async () => {
    await learn(harness, conversation(0, ['I live in Porto.'], { bot: 'aria', ...group }));
    await learn(harness, conversation(120, ['I work as a nurse.'], { bot: 'bob', ...group }));
    const known = await show('bob');
    expect(known).toContain('exit 0');
    expect(known).toMatch(/Lives in Porto {2}\(.*told to aria/);
    expect(known).toContain('Lives in Porto (told to aria)');
    expect(known).toContain('“I live in Porto” — ann');
    // Also a bot that has not met the person.
    expect(await show('carl')).toContain('Works as a nurse');
    expect(await show('bob', 'bot')).not.toContain('Porto');
    expect(await show('carl', 'bot')).toContain('exit 1');
  });

  it('never tells a bot what another one heard in private, not even beside open words', async () => {
    await learn(harness, conversation(0, ['I live in Porto.'], { bot: 'aria', ...group }));
    await learn(harness, conversation(120, ['I moved to Lyon last week.'], { bot: 'aria', ...inPrivate }));
    // One window of two channels, for windows go by bot and user.
    await learn(harness, [
      ...conversation(400, ['I have a dog named Rex.'], { bot: 'aria', ...group }),
      ...conversation(402, ['I have asthma.'], { bot: 'aria', ...inPrivate }),
    ]);
    const aria = await show('aria');
    expect(aria).toContain('Lives in Lyon');
    expect(aria).toContain('Rex');
    const bob = await show('bob');
    expect(bob).toContain('Lives in Porto');
    for (const told of ['Lyon', 'Rex', 'asthma', 'dm-ann']) expect(bob).not.toContain(told);
  });

  it('keeps what another bot supports when one is erased', async () => {
    await learn(harness, conversation(0, ['I live in Porto.', 'I have a cat.'], { bot: 'aria', ...group }));
    await learn(harness, conversation(120, ['I live in Porto.'], { bot: 'bob', ...group }));
    await harness.pool.query(
      `update afterword.observations set superseded_at = clock_timestamp()
       where key_id in (select key_id from afterword.user_keys where bot_id = 'aria')`,
    );
    const bob = await show('bob');
    expect(bob).toMatch(/Lives in Porto {2}\(\d+ %, 1 window/);
    expect(bob).not.toContain(' cat');
  });

  it('follows one bot to another run, and changes nothing of what the others heard', async () => {
    await learn(harness, conversation(0, ['I live in Porto.', 'I have a cat.'], { bot: 'aria', ...group }));
    await learn(harness, conversation(120, ['I work as a nurse.'], { bot: 'bob', ...group }));
    await learn(harness, conversation(240, ['I have a dog named Rex.'], { bot: 'carl', ...group }));
    const bot = 'dora';
    const before = await learnt(bot);
    expect(before).toEqual(['Porto aria', 'Rex carl', 'cat aria', 'nurse bob']);
    // As another run of the one bot understands the same words: the cat is not there, Porto is Lisbon.
    await harness.pool.query(
      `with next as (insert into afterword.runs (status) values ('promoted') returning run_id),
       reread as (
         insert into afterword.observations (observation_id, key_id, run_id, window_id, revision, stage, kind,
           group_key, occurred_at_ms, observation)
         select gen_random_uuid(), o.key_id, next.run_id, o.window_id, o.revision, o.stage, o.kind, o.group_key,
           o.occurred_at_ms, replace(o.observation::text, 'Porto', 'Lisbon')::jsonb
         from afterword.observations o join afterword.user_keys k using (key_id), next
         where k.bot_id = 'aria' and o.observation::text like '%Porto%')
       update afterword.user_keys set run_id = next.run_id from next where bot_id = 'aria'`,
    );
    expect(await learnt(bot)).toEqual(['Lisbon aria', 'Rex carl', 'nurse bob']);
    await harness.pool.query(
      `update afterword.user_keys set run_id = (select run_id from afterword.user_keys where bot_id = 'bob')
       where bot_id = 'aria'`,
    );
    expect(await learnt(bot)).toEqual(before);
  });

  /** What a bot may know of Ann, and from whom. */
  async function learnt(bot: string): Promise<string[]> {
    const { context, out } = commandHarness({ DATABASE_URL: harness.url, MEMORY_SCOPE: 'user' });
    expect(await runShow(context, { bot, user: 'ann', json: true })).toBe(0);
    const shown = JSON.parse(out.join('\n')) as {
      facts: Record<string, readonly { entity_name: string; learnt_by: readonly string[] }[]>;
    };
    return Object.values(shown.facts)
      .flat()
      .map(({ entity_name, learnt_by }) => `${entity_name} ${learnt_by.join('+')}`)
      .sort();
  }
});
