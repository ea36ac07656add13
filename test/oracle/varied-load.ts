/** A record to be sent to the messages topic. */
export interface LoadRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestampMs: number;
}

export interface VariedLoad {
  readonly first: readonly LoadRecord[];
  /** To be sent once everything before rests: what is late then changes windows that were extracted. */
  readonly later: readonly LoadRecord[];
}

/** The settings that the load is made for. */
export const loadSettings = { gapMs: 30 * 60_000, maxMessages: 10, maxDurationMs: 12 * 3_600_000 };

const minuteMs = 60_000;
const beginMs = Date.UTC(2026, 0, 5, 10, 0, 0);
const dayMs = 24 * 60 * minuteMs;

interface Person {
  readonly bot: string;
  readonly user: string;
  readonly partition: number;
}

type Fields = Readonly<Record<string, unknown>>;

const nouns = ['harpsichord', 'greenhouse', 'telescope', 'sourdough', 'archive', 'trombone', 'orchard'];

/** A word that nobody else says: every text of the load has its own. */
function ownWord(number: number): string {
  const consonants = 'bdfgklmnprstvz';
  const vowels = 'aeiou';
  let word = 'Zanzibar';
  for (let rest = number * 7_919 + 4_217, syllable = 0; syllable < 4; syllable += 1) {
    word += consonants.charAt(rest % 14) + vowels.charAt(Math.floor(rest / 14) % 5);
    rest = Math.floor(rest / 70) + 31;
  }
  return word + consonants.charAt(number % 14) + consonants.charAt(Math.floor(number / 14) % 14);
}

/** Writes a load record by record; each later than the one before. */
class Script {
  readonly records: LoadRecord[] = [];
  #atMs: number;
  #texts: number;

  constructor(atMs: number, texts: number) {
    this.#atMs = atMs;
    this.#texts = texts;
  }

  text(begin: string): string {
    this.#texts += 1;
    const noun = nouns[this.#texts % nouns.length] ?? '';
    return `${begin} the ${noun} ${ownWord(this.#texts)}`;
  }

  raw(partition: number, value: LoadRecord['value'], headers?: LoadRecord['headers']): void {
    this.#atMs += 10;
    const record = { partition, key: `key-${partition}`, value, timestampMs: this.#atMs };
    this.records.push(headers === undefined ? record : { ...record, headers });
  }

  say({ bot, user, partition }: Person, fields: Fields, headers?: LoadRecord['headers']): void {
    this.raw(partition, JSON.stringify({ bot_id: bot, user_id: user, ...fields }), headers);
  }

  /** Messages a minute apart, by user and bot in turns. */
  talk(person: Person, stem: string, fromMs: number, messages: number, apartMs = minuteMs): void {
    for (let turn = 0; turn < messages; turn += 1)
      this.say(person, this.message(`${stem}-${turn}`, turn % 2 === 0, fromMs + turn * apartMs));
  }

  message(id: string, isUser: boolean, atMs: number): Fields {
    return {
      id,
      role: isUser ? 'user' : 'assistant',
      content: this.text(isUser ? 'I often think of' : 'Tell me more about'),
      sent_at: new Date(atMs).toISOString(),
    };
  }
}

const ann = { bot: 'luna', user: 'ann', partition: 0 };
const ben = { bot: 'luna', user: 'ben', partition: 1 };
const cat = { bot: 'sol', user: 'cat', partition: 0 };
const dan = { bot: 'sol', user: 'dan', partition: 1 };
const eve = { bot: 'luna', user: 'eve', partition: 0 };
const fay = { bot: 'luna', user: 'fay', partition: 1 };
const gus = { bot: 'sol', user: 'gus', partition: 0 };
const hal = { bot: 'luna', user: 'hal', partition: 1 };

/** Two partitions with everything that a log may hold. `nowMs`: when it is sent. */
export function variedLoad(nowMs: number): VariedLoad {
  const script = new Script(nowMs - 60_000, 0);
  repeatsAndEdits(script);
  deletes(script);
  script.talk(cat, 'cat-a', beginMs, 5);
  script.talk(cat, 'cat-b', beginMs + 45 * minuteMs, 4);
  script.talk(dan, 'dan', beginMs, 27, 3 * minuteMs);
  // Exactly one gap still belongs, a millisecond more does not.
  for (const [index, atMs] of [0, 30 * minuteMs, 60 * minuteMs + 1].entries())
    script.say(hal, script.message(`hal-${index}`, true, beginMs + atMs));
  ends(script);
  forms(script);
  wrongClocks(script, nowMs);
  badInput(script);
  return { first: script.records, later: later(nowMs) };
}

function repeatsAndEdits(script: Script): void {
  script.talk(ann, 'ann-a', beginMs, 6);
  script.say(ann, { ...script.message('ann-a-6', true, beginMs + 6 * minuteMs), content: 'I live in Porto' });
  const repeated = script.message('ann-a-7', true, beginMs + 7 * minuteMs);
  script.say(ann, repeated);
  script.say(ann, repeated);
  // The same in another partition.
  script.say({ ...ann, partition: 1 }, repeated);
  const editedAt = (minutes: number): string => new Date(beginMs + minutes * minuteMs).toISOString();
  const edit = {
    type: 'message.edited',
    id: 'ann-a-1',
    content: script.text('Better tell me of'),
    sent_at: editedAt(20),
  };
  script.say(ann, edit);
  script.say(ann, edit);
  // Older than the one before, so it changes nothing.
  script.say(ann, { ...edit, content: script.text('Rather tell me of'), sent_at: editedAt(15) });
  script.say(ann, {
    type: 'message.edited',
    id: 'ann-b-0',
    content: script.text('I dream of'),
    sent_at: editedAt(9),
  });
  script.talk(ann, 'ann-b', beginMs + dayMs, 6);
  script.say(ann, {
    ...script.message('ann-b-6', true, beginMs + dayMs + 6 * minuteMs),
    content: 'I live in Ghent',
  });
  script.say(ann, {
    type: 'message.edited',
    id: 'ann-never',
    content: script.text('I forgot'),
    sent_at: editedAt(9),
  });
}

function deletes(script: Script): void {
  const deletedAt = (minutes: number): string => new Date(beginMs + minutes * minuteMs).toISOString();
  script.talk(ben, 'ben-a', beginMs, 8);
  script.say(ben, {
    type: 'message.edited',
    id: 'ben-a-4',
    content: script.text('I miss'),
    sent_at: deletedAt(30),
  });
  script.say(ben, { type: 'message.deleted', id: 'ben-a-4', sent_at: deletedAt(31) });
  script.say(ben, { type: 'message.deleted', id: 'ben-b-2', sent_at: deletedAt(32) });
  script.talk(ben, 'ben-b', beginMs + dayMs, 7);
  script.say(ben, {
    type: 'message.edited',
    id: 'ben-b-2',
    content: script.text('I regret'),
    sent_at: deletedAt(90),
  });
  script.say(ben, { type: 'message.deleted', id: 'ben-never', sent_at: deletedAt(33) });
  script.say(ben, {
    ...script.message('ben-b-8', true, beginMs + dayMs + 9 * minuteMs),
    content: 'Please keep your answers short',
    metadata: { mood: 'calm', level: 3 },
    client: 'mobile',
  });
}

function ends(script: Script): void {
  script.talk(fay, 'fay-a', beginMs, 6);
  const end = { type: 'session.end', sent_at: new Date(beginMs + 6 * minuteMs).toISOString() };
  script.say(fay, end);
  script.say(fay, end);
  script.talk(fay, 'fay-b', beginMs + 8 * minuteMs, 6);
}

function forms(script: Script): void {
  const inner = (id: string, minutes: number, channel?: string): Fields => ({
    bot_id: gus.bot,
    user_id: gus.user,
    ...script.message(id, true, beginMs + minutes * minuteMs),
    ...(channel === undefined ? {} : { channel_id: channel, channel_type: 'group' }),
  });
  const envelope = { specversion: '1.0', id: 'ce', source: '/bot', type: 'message' };
  const structured = { ...envelope, data: inner('gus-0', 0) };
  script.raw(0, JSON.stringify(structured), { 'content-type': 'application/cloudevents+json' });
  const binary = {
    ce_specversion: '1.0',
    ce_id: 'ce',
    ce_source: '/bot',
    'content-type': 'application/json',
  };
  script.raw(0, JSON.stringify(inner('gus-1', 1)), { ...binary, ce_type: 'com.example.message.v1' });
  // One id in two channels is two messages.
  script.say(gus, inner('gus-2', 2, 'red'));
  script.say(gus, inner('gus-2', 3, 'blue'));
  script.talk(gus, 'gus-x', beginMs + 4 * minuteMs, 4);
  script.raw(
    0,
    JSON.stringify({
      bot_id: gus.bot,
      user_id: gus.user,
      id: 'gus-x-1',
      content: script.text('Say more of'),
    }),
    { ...binary, ce_type: 'message.edited', ce_time: new Date(beginMs + 40 * minuteMs).toISOString() },
  );
}

/** Times far ahead, none at all, and no id: their windows are ended, or they would be open for half an hour. */
function wrongClocks(script: Script, nowMs: number): void {
  const ahead = new Date(nowMs + dayMs).toISOString();
  script.say(eve, { ...script.message('eve-0', true, nowMs), sent_at: ahead });
  script.say(eve, { id: 'eve-1', role: 'bot', content: script.text('What of') });
  script.say(eve, { role: 'user', content: script.text('I mean') });
  script.say(eve, { id: 'eve-2', role: 'system', content: script.text('Speak of') });
  script.say(eve, { type: 'session.end' });
}

function badInput(script: Script): void {
  const good = (): Fields => script.message('bad', true, beginMs);
  script.raw(0, script.text('{ not JSON, of'));
  script.raw(1, null);
  script.raw(1, JSON.stringify([script.text('a list of')]));
  script.raw(0, JSON.stringify({ ...good(), user_id: 'bad' }));
  script.raw(0, JSON.stringify({ ...good(), bot_id: 'luna' }), { trace: 'abc' });
  script.raw(1, JSON.stringify({ ...good(), bot_id: 'luna', user_id: 'bad', sent_at: 'yesterday' }));
  script.raw(1, JSON.stringify({ ...good(), bot_id: 'luna', user_id: 'bad', sent_at: 1_767_607_200 }));
  script.raw(0, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
  script.say(ann, { type: 'typing.started' });
  script.say(ben, { type: 'typing.started' });
  script.say(ben, { type: 'typing.started' });
  // One id with another text: the first stays.
  script.say(ann, { ...good(), id: 'ann-a-2' });
}

/** What changes windows that are closed and extracted. */
function later(nowMs: number): readonly LoadRecord[] {
  const script = new Script(nowMs - 30_000, 500);
  const changedAt = new Date(beginMs + 3 * dayMs).toISOString();
  script.say(cat, script.message('cat-between', true, beginMs + 22 * minuteMs));
  script.say(dan, script.message('dan-late', false, beginMs + 4 * minuteMs));
  script.say(ann, {
    type: 'message.edited',
    id: 'ann-a-0',
    content: script.text('I now think of'),
    sent_at: changedAt,
  });
  script.say(ben, { type: 'message.deleted', id: 'ben-a-0', sent_at: changedAt });
  script.say(fay, { type: 'session.end', sent_at: new Date(beginMs + 10.5 * minuteMs).toISOString() });
  return script.records;
}
