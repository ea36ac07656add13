import { afterEach, beforeEach, expect, it } from 'vitest';
import { conversation, type PublishedMessage } from '../support/conversations.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { ResultsReader } from '../support/results-reader.ts';
import { until } from '../support/until.ts';

const startMs = Date.UTC(2026, 0, 5, 9);

/** What one says to another in a channel, by the minute. */
function said(bot: string, user: string, minute: number, content: string, role = 'user'): PublishedMessage {
  return {
    id: `${bot}-${user}-${minute}-${role}`,
    bot_id: bot,
    user_id: user,
    channel_id: 'group-1',
    channel_type: 'group',
    role,
    content,
    sent_at: new Date(startMs + minute * 60_000).toISOString(),
  };
}

describeWithKafka('a group of people and bots, through the whole line', () => {
  let line: LineUnderTest;
  let reader: ResultsReader;

  beforeEach(async () => {
    line = await LineUnderTest.start();
    reader = await ResultsReader.start(line.kafka, line.topics.results);
    line.startWorker('consume,extract,publish', { IGNORE_USERS: 'test-*,nobody' });
  });

  afterEach(async () => {
    await reader.stop();
    await line.close();
  });

  /** Who has facts, a profile with text, or vectors. */
  async function remembered(): Promise<string[]> {
    const { rows } = await line.pool.query<{ who: string }>(
      `select bot_id || '/' || user_id as who from afterword.facts join afterword.user_keys using (key_id)
         where status = 'current'
       union select bot_id || '/' || user_id from afterword.profiles where prompt_text <> ''
       union select bot_id || '/' || user_id from afterword.vectors order by 1`,
    );
    return rows.map(({ who }) => who);
  }

  const told = (who: string): string[] =>
    reader.events
      .filter(({ data }) => `${String(data['bot_id'])}/${String(data['user_id'])}` === who)
      .map(({ type }) => type.replace(/^afterword\.|\.v1$/g, ''));

  async function allRead(): Promise<void> {
    await until('the reader to have read everything', async () => {
      const { rows } = await line.pool.query<{ waiting: string; events: string }>(
        `select count(*) filter (where sent_at is null) as waiting,
           count(*) filter (where destination = 'results') as events from afterword.outbox`,
      );
      return rows[0]?.waiting === '0' && reader.events.length === Number(rows[0].events);
    });
    expect(reader.problems).toEqual([]);
  }

  it('remembers the people, never the bots that talk to each other nor who is ignored', async () => {
    // Two bots greet each other, each taking the other for a user; both are known before any of it is extracted.
    const bots = [...conversation('ann', 0, 'aria'), said('zed', 'aria', 1, 'I like cherries')];
    await line.publish(bots);
    await until('both bots to be met', async () => (await line.standing()).messages === bots.length);
    await line.publish([
      said('aria', 'zed', 0, 'I like plums'),
      said('aria', 'zed', 2, 'My name is Zed.'),
      said('aria', 'test-7', 0, 'I like plums'),
    ]);
    await line.settled(4);
    await allRead();
    expect(await remembered()).toEqual(['aria/ann']);
    expect(await line.stages()).toMatchObject({
      'facts skipped user-is-a-bot': 2,
      'summary skipped user-is-a-bot': 2,
      'facts skipped ignored-user': 1,
      'summary skipped ignored-user': 1,
    });
    for (const nobody of ['aria/zed', 'zed/aria', 'aria/test-7']) {
      expect(told(nobody), nobody).toEqual(['window.closed', 'window.enriched']);
    }
  });

  /** What is known of each person and where it was said. */
  async function evidence(): Promise<string[]> {
    const { rows } = await line.pool.query<{ told: string }>(
      `select concat_ws(' ', user_id, relation, entity_name || ':', evidence ->> 'messageId',
         evidence ->> 'channelId', evidence ->> 'quote') as told
       from afterword.facts join afterword.user_keys using (key_id),
         jsonb_array_elements(fact -> 'evidence') as evidence
       where status = 'current' order by 1`,
    );
    return rows.map(({ told: words }) => words);
  }

  it('learns of each of three people who talk in turn what they said themselves, whatever the bot answers all of them', async () => {
    const told = [
      ['ann', 'I live in Lyon.'],
      ['bob', 'I live in Oslo.'],
      ['cleo', 'I like cherries'],
      ['ann', 'I like plums'],
      ['cleo', 'I live in Rome.'],
      ['bob', 'I like quinces'],
    ] as const;
    const people = ['ann', 'bob', 'cleo'];
    const answers = people.map((user) => ({
      ...said(
        'aria',
        user,
        9,
        'Ann, you live in Lyon. Bob, I like quinces too. I live in Berlin.',
        'assistant',
      ),
      id: 'answer-to-all',
    }));
    await line.publish([
      ...told.map(([user, words], minute) => said('aria', user, minute, words)),
      ...answers,
    ]);
    await line.settled(people.length);
    expect(await evidence()).toEqual([
      'ann likes plums: aria-ann-3-user I like plums',
      'ann lives_in Lyon: aria-ann-0-user I live in Lyon',
      'bob likes quinces: aria-bob-5-user I like quinces',
      'bob lives_in Oslo: aria-bob-1-user I live in Oslo',
      'cleo likes cherries: aria-cleo-2-user I like cherries',
      'cleo lives_in Rome: aria-cleo-4-user I live in Rome',
    ]);
  });

  it('learns from one platform id in two channels both things, each in the words of its own message', async () => {
    await line.publish([
      { ...said('aria', 'ann', 0, 'I like plums'), id: '1' },
      { ...said('aria', 'ann', 1, 'I live in Lyon.'), id: '1', channel_id: 'group-2' },
      { ...said('aria', 'bob', 2, 'I like cherries'), id: '1' },
    ]);
    await line.settled(2);
    expect(await evidence()).toEqual([
      'ann likes plums: 1 group-1 I like plums',
      'ann lives_in Lyon: 1 group-2 I live in Lyon',
      'bob likes cherries: 1 I like cherries',
    ]);
  });

  it('takes back what was learnt of a user who turns out to be a bot, and says so, without a word of his', async () => {
    await line.publish(
      ['I like plums', 'I live in Lyon.'].map((words, turn) => said('aria', 'zed', turn, words)),
    );
    await line.settled(1);
    expect(await remembered()).toEqual(['aria/zed']);
    await allRead();
    const before = told('aria/zed');
    expect(before).toContain('memory.changed');
    await line.publish([said('zed', 'ann', 10, 'I like cherries')]);
    await until('the bot to be forgotten', async () => (await remembered()).join() === 'zed/ann');
    await line.settled(2);
    await allRead();
    expect(told('aria/zed').slice(before.length)).toEqual(['memory.changed', 'window.enriched']);
    const changes = reader.events
      .filter(({ type, data }) => type === 'afterword.memory.changed.v1' && data['user_id'] === 'zed')
      .flatMap(({ data }) => data['changes'] as { id: string; change: string }[]);
    const last = new Map(changes.map(({ id, change }) => [id, change]));
    expect(last.size).toBeGreaterThan(1);
    expect(new Set(last.values())).toEqual(new Set(['retracted']));
    expect(line.output()).toContain('bots.recognized');
  });
});
