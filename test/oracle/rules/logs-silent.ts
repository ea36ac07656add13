import { headerOf, placeOf, type LoggedRecord } from '../logged-record.ts';
import type { Rule, Seen } from '../seen.ts';
import { fragmentsOf, fragmentsOfEscaped } from '../text-fragments.ts';

/** P10: nothing that anybody said stands in a log, whether the record could be used or not. */
export const logsSilent: Rule = (seen) => {
  const said = new Map<string, string>();
  for (const { name, text } of textsOf(seen))
    for (const fragment of fragmentsOf(text)) said.set(fragment, name);
  const found = new Map<string, number>();
  for (const log of seen.input.logs) {
    // Line by line: the log of an hour is larger than everything that was said in it.
    for (const line of log.split('\n')) {
      for (const fragment of fragmentsOfEscaped(line)) {
        const name = said.get(fragment);
        if (name !== undefined) found.set(name, (found.get(name) ?? 0) + 1);
      }
    }
  }
  return [...found].map(([name, times]) => `${name}: runs of its words are in a log, ${times} times`);
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
