import { headerOf, placeOf, type LoggedRecord } from '../logged-record.ts';
import type { Rule, Seen } from '../seen.ts';
import { fragmentsOf, fragmentsOfEscaped } from '../text-fragments.ts';

/** P10: nothing that anybody said stands in a log, whether the record could be used or not. */
export const logsSilent: Rule = (seen) => {
  const logged = new Set<string>();
  for (const log of seen.input.logs) for (const fragment of fragmentsOfEscaped(log)) logged.add(fragment);
  return textsOf(seen).flatMap(({ name, text }) => {
    const found = [...fragmentsOf(text)].filter((fragment) => logged.has(fragment));
    return found.length === 0 ? [] : [`${name}: ${found.length} runs of its words are in a log`];
  });
};

interface NamedText {
  readonly name: string;
  readonly text: string;
}

function textsOf({ messages, meaning }: Seen): NamedText[] {
  const changes = [...meaning.changes.values()].flat();
  const unread = [
    ...meaning.refused.map(({ record }) => record),
    ...messages.told.flatMap((one) => one.conflicts),
  ];
  return [
    ...messages.told.map(({ name, source }) => ({ name, text: source.event.content })),
    ...changes.map(([{ event, record }]) => ({
      name: `change at ${placeOf(record)}`,
      text: event.content ?? '',
    })),
    ...unread.map((record) => ({ name: placeOf(record), text: saidIn(record) })),
  ];
}

/** The content as far as it can be told; without a field of that name, everything. */
function saidIn(record: LoggedRecord): string {
  const text = record.value?.toString('utf8') ?? '';
  const content = /"content"\s*:\s*"((?:[^"\\]|\\.)*)/.exec(text)?.[1];
  return content ?? (headerOf(record, 'ce_type') === undefined ? text : '');
}
