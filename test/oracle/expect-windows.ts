import { naiveWindows, type NaiveSettings, type NaiveWindow } from '../support/naive-windows.ts';
import { eventTimeMs, type Meaning } from './meaning.ts';
import { personOf } from './result-events.ts';
import type { ToldMessage } from './told-messages.ts';

/** The windows of each person, by the rule's own oracle, over all messages and end markers of the log. */
export function expectWindows(
  told: readonly ToldMessage[],
  { ends }: Pick<Meaning, 'ends'>,
  settings: NaiveSettings,
): ReadonlyMap<string, readonly NaiveWindow[]> {
  const messagesOf = groupBy(told, personOfMessage);
  const endsOf = groupBy(ends, ([{ event }]) => personOf(event.who.botId, event.who.userId));
  return new Map(
    [...messagesOf].map(([person, messages]) => [
      person,
      naiveWindows(
        messages.map(({ name, sentAtMs }) => ({ identity: name, sentAtMs })),
        (endsOf.get(person) ?? []).map(([first]) => ({ endedAtMs: eventTimeMs(first) })),
        settings,
      ),
    ]),
  );
}

export function personOfMessage({ source: { event } }: ToldMessage): string {
  return personOf(event.who.botId, event.who.userId);
}

export function groupBy<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(nameOf(one));
    if (group === undefined) groups.set(nameOf(one), [one]);
    else group.push(one);
  }
  return groups;
}
