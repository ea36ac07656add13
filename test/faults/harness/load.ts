import { encode, type Form, type LoadRecord } from './load-record.ts';
import { badRecord, unknownType } from './bad-records.ts';
import type { Random } from './random.ts';

const minuteMs = 60_000;

interface Said {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly atMs: number;
}

interface Person {
  readonly bot_id: string;
  readonly user_id: string;
  /** The last event time of the person. */
  atMs: number;
  /** The newest change of any message, so that no two changes tie. */
  changedMs: number;
  readonly said: Said[];
}

const bots = ['iris', 'otto', 'mira'];
const openings = [
  'I have been learning to play the',
  'My sister gave me an old',
  'We talked all evening about the',
  'Yesterday I repaired the',
  'I never liked the sound of a',
];
const things = ['harpsichord', 'telescope', 'greenhouse', 'motorcycle', 'accordion', 'lighthouse'];

/**
 * What bots publish, made from a seed: conversations of several people with several bots, of
 * which some come twice, late, in the wrong order or in a form nobody can read, and some are
 * edited, deleted or ended. Every text holds a word of its own that may stand in no log.
 */
export class Load {
  readonly #random: Random;
  readonly #people: Person[] = [];
  /** A new load of the same line must not repeat the ids of an earlier one. */
  readonly #stem: string;
  /** An answer about a message that was deleted meanwhile is refused, and asked for again. */
  deletes = 0;
  #count = 0;
  #strangers = 0;

  constructor(random: Random, stem: string) {
    this.#random = random;
    this.#stem = stem;
  }

  /** So many conversations, mixed, with all that goes wrong in them. */
  wave(conversations = 5): readonly LoadRecord[] {
    const talks = Array.from({ length: conversations }, () => this.#conversation());
    return this.#interleave(talks);
  }

  /** Messages of this minute, whose windows nobody may close before the gap is over. */
  present(nowMs: number): readonly LoadRecord[] {
    // Nobody who goes on talking: what he said next would lie in the future.
    const person = this.#stranger(nowMs - 2 * minuteMs);
    return [0, 1, 2].map(() => this.#say(person, 10_000));
  }

  #conversation(): LoadRecord[] {
    const random = this.#random;
    const person = this.#people.length > 3 && random.happens(0.5) ? random.pick(this.#people) : this.#meet();
    // Sometimes so soon after the last one that a single late message joins the two.
    person.atMs += random.happens(0.4)
      ? random.between(32, 55) * minuteMs
      : random.between(2, 30) * 60 * minuteMs;
    const records: LoadRecord[] = [];
    const turns = random.happens(0.1) ? 16 : random.between(2, 7);
    for (let turn = 0; turn < turns; turn += 1)
      records.push(this.#say(person, random.between(5, 300) * 1_000));
    if (random.happens(0.3)) records.push(this.#sayLate(person));
    if (random.happens(0.3)) records.push(this.#change(person, 'message.edited'));
    if (random.happens(0.2)) records.push(this.#change(person, 'message.deleted'));
    if (random.happens(0.2)) records.push(this.#end(person));
    if (random.happens(0.25)) records.push(random.happens(0.3) ? unknownType(person) : badRecord(random));
    return records.flatMap((record) => this.#perhapsTwice(record));
  }

  #meet(): Person {
    const person = this.#stranger(Date.UTC(2026, 0, 5) + this.#random.between(0, 60 * 24 * 60) * minuteMs);
    this.#people.push(person);
    return person;
  }

  #stranger(atMs: number): Person {
    this.#strangers += 1;
    const user_id = `${this.#stem}-p${this.#strangers}`;
    return { bot_id: this.#random.pick(bots), user_id, atMs, changedMs: Date.UTC(2026, 8, 1), said: [] };
  }

  #say(person: Person, afterMs: number): LoadRecord {
    person.atMs += afterMs;
    return this.#message(person, person.atMs);
  }

  /** Between or beside what was said before, perhaps as a bridge over a silence. */
  #sayLate(person: Person): LoadRecord {
    const { atMs } = this.#random.pick(person.said);
    return this.#message(person, atMs + this.#random.between(-28, 28) * minuteMs + 1);
  }

  #message(person: Person, atMs: number): LoadRecord {
    const random = this.#random;
    const { bot_id, user_id } = person;
    const said: Said = { id: this.#nextId(), role: random.happens(0.7) ? 'user' : 'assistant', atMs };
    person.said.push(said);
    const { id, role } = said;
    const form: Form = random.happens(0.8) ? 'bare' : random.pick(['structured', 'binary']);
    const sent_at = random.happens(0.5) ? atMs : new Date(atMs).toISOString();
    return encode({ type: 'message', id, bot_id, user_id, role, content: this.#text(), sent_at }, form);
  }

  #change(person: Person, type: 'message.edited' | 'message.deleted'): LoadRecord {
    const { bot_id, user_id } = person;
    const { id } = this.#random.pick(person.said);
    person.changedMs += minuteMs;
    if (type === 'message.deleted') this.deletes += 1;
    const change = { type, id, bot_id, user_id, sent_at: person.changedMs };
    return encode(type === 'message.edited' ? { ...change, content: this.#text() } : change);
  }

  #end({ bot_id, user_id, atMs }: Person): LoadRecord {
    return encode({ type: 'session.end', id: this.#nextId(), bot_id, user_id, sent_at: atMs });
  }

  #perhapsTwice(record: LoadRecord): LoadRecord[] {
    if (record.value === null || record.key === null || !this.#random.happens(0.1)) return [record];
    // A key that is seen in two partitions is still right.
    return this.#random.happens(0.2) ? [record, { ...record, key: `other ${record.key}` }] : [record, record];
  }

  #nextId(): string {
    this.#count += 1;
    return `${this.#stem}-m${this.#count}`;
  }

  #text(): string {
    return `${this.#random.pick(openings)} ${this.#random.pick(things)} ${this.#ownWord()}`;
  }

  /** Letters only, as long as any other word: the stand-in model takes it for the fact. */
  #ownWord(): string {
    let word = '';
    for (let letter = 0; letter < 14; letter += 1)
      word += String.fromCharCode(97 + this.#random.between(0, 25));
    return `zq${word}`;
  }

  /** Each conversation nearly in its order, all of them at once. */
  #interleave(talks: LoadRecord[][]): LoadRecord[] {
    const mixed: LoadRecord[] = [];
    for (let rest = talks; rest.length > 0; rest = rest.filter((talk) => talk.length > 0)) {
      const talk = this.#random.pick(rest);
      const place = this.#random.happens(0.1) ? this.#random.between(0, talk.length - 1) : 0;
      mixed.push(...talk.splice(place, 1));
    }
    return mixed;
  }
}
