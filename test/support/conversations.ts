/** A message event as a bot would publish it. */
export type PublishedMessage = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly bot_id: string;
  readonly user_id: string;
};

/** Stands in every message of these conversations, and may stand nowhere else. */
export const plantedWord = 'Zanzibarmoonflower';

const beginMs = Date.UTC(2026, 0, 5, 10, 0, 0);
const minuteMs = 60_000;

/** Long enough for every stage, over long ago: six messages, a minute apart. */
const turns = [
  ['user', 'I play the harpsichord every evening'],
  ['assistant', 'That sounds lovely, how did you begin?'],
  ['user', 'My grandmother taught me when I was seven'],
  ['assistant', 'And do you play for others?'],
  ['user', 'Sometimes for the neighbours downstairs'],
  ['assistant', 'They are lucky.'],
] as const;

/** One conversation of one person. `number` sets its day, so that two of a person are two windows. */
export function conversation(userId: string, number = 0, botId = 'bot'): PublishedMessage[] {
  return turns.map(([role, words], turn) => ({
    id: `${userId}-${number}-${turn}`,
    type: 'message',
    bot_id: botId,
    user_id: userId,
    role,
    content: `${words} ${plantedWord}`,
    sent_at: new Date(beginMs + number * 24 * 60 * minuteMs + turn * minuteMs).toISOString(),
  }));
}

/** So many people with so many conversations each. */
export function conversations(people: number, each: number, stem = 'user'): PublishedMessage[] {
  return Array.from({ length: people }, (_, person) =>
    Array.from({ length: each }, (_unused, number) => conversation(`${stem}-${person}`, number)),
  ).flat(2);
}
