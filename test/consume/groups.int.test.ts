import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { describeWithPostgres } from '../support/kafka-suite.ts';
import {
  dayMs,
  defaultSettings,
  deleted,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  storeRecords,
  type Said,
  type StoreHarness,
} from '../support/store-harness.ts';
import { expectWindowsOfOracle, readMessages, readWindows } from './stored-state.ts';

describeWithPostgres('groups and bots on Postgres', () => {
  let harness: StoreHarness;
  let runId: number;

  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  beforeEach(async () => {
    runId = await harness.begin();
  });
  afterAll(async () => {
    await harness.close();
  });

  const say = (said: Omit<Said, 'atMs'> & { readonly minute: number }): Record<string, unknown> =>
    message({ channel: 'group-1', channelType: 'group', ...said, atMs: dayMs + said.minute * minuteMs });

  const windows = async (): Promise<string[]> =>
    (await readWindows(harness))
      .filter(({ status }) => status !== 'superseded')
      .map(
        ({ bot_id, user_id, message_count, channel_id }) =>
          `${bot_id} ${user_id} ${message_count} ${channel_id ?? '-'}`,
      );

  it('gives each of three people who talk in turn a window of their own, with what the bot answered them', async () => {
    const people = ['ann', 'bob', 'cleo'];
    const spoken = Array.from({ length: 12 }, (_, minute) => {
      const user = people[minute % people.length] ?? '';
      const said = say({ id: `said-${minute}`, user, minute });
      return [said, say({ id: `answer-${minute}`, user, minute, role: 'assistant' })];
    }).flat();
    await storeRecords(harness.store, logOf(spoken));
    expect(await windows()).toEqual(people.map((user) => `aria ${user} 8 group-1`));
    await expectWindowsOfOracle(harness, runId, { dated: [defaultSettings] });
  });

  it('stores what a bot answers several people at once for each of them, under its one id', async () => {
    const people = ['ann', 'bob', 'cleo'];
    const asked = people.map((user, minute) => say({ id: `asked-${user}`, user, minute }));
    const answer = { id: 'answer', role: 'assistant', content: 'Hello all of you', minute: 3 };
    const answers = people.map((user) => say({ ...answer, user }));
    await storeRecords(harness.store, logOf([...asked, ...answers, ...answers]));
    expect(await windows()).toEqual(people.map((user) => `aria ${user} 2 group-1`));
    // Taken back for one, it is taken back for this one.
    await storeRecords(
      harness.store,
      logOf([deleted({ id: 'answer', user: 'bob', channel: 'group-1', atMs: dayMs + 9 * minuteMs })], {
        firstOffset: 9,
      }),
    );
    const gone = (await readMessages(harness)).filter((row) => row.deleted).map((row) => row.user_id);
    expect(gone).toEqual(['bob']);
  });

  it('takes one platform id in two channels, of two people and of two bots for different messages', async () => {
    const places: Omit<Said, 'id' | 'atMs'>[] = [
      { channel: 'group-1' },
      { channel: 'group-2' },
      { user: 'bob' },
      { bot: 'zed' },
    ];
    const spoken = places.map((place, minute) => say({ id: '1', ...place, minute }));
    await storeRecords(harness.store, logOf([...spoken, ...spoken]));
    expect(await readMessages(harness)).toHaveLength(4);
    expect(await windows()).toEqual(['aria ann 2 -', 'aria bob 1 group-1', 'zed ann 1 group-1']);
  });

  it('cuts a person whose records come in two partitions like any other, and says so', async () => {
    const spoken = Array.from({ length: 6 }, (_, minute) => say({ id: `m${minute}`, minute: minute * 20 }));
    const even = logOf(spoken.filter((_, index) => index % 2 === 0));
    const odd = logOf(
      spoken.filter((_, index) => index % 2 === 1),
      { partition: 1 },
    );
    await storeRecords(harness.store, even);
    const outcomes = await storeRecords(harness.store, odd);
    expect(outcomes.map(({ movedKeys }) => movedKeys)).toEqual([1]);
    // Two that stood alone until the others came between them belong to the first one now.
    expect(await windows()).toEqual(['aria ann 6 group-1']);
    await expectWindowsOfOracle(harness, runId, { dated: [defaultSettings] });
  });
});
