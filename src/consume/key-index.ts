import type { BotUser } from './message-store.ts';

/** Gives each distinct (bot, user) a number, in the order of appearance. */
export class KeyIndex {
  readonly keys: BotUser[] = [];
  readonly #byBot = new Map<string, Map<string, number>>();

  indexOf(botId: string, userId: string): number {
    let ofBot = this.#byBot.get(botId);
    if (ofBot === undefined) this.#byBot.set(botId, (ofBot = new Map<string, number>()));
    const known = ofBot.get(userId);
    if (known !== undefined) return known;
    const index = this.keys.push({ botId, userId }) - 1;
    ofBot.set(userId, index);
    return index;
  }
}
