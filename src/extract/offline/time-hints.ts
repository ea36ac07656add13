import type { Clause } from './clauses.ts';

const dayMs = 86_400_000;

/** When the words of a clause say that it began or ended; null where they do not tell. */
export function readTimes(clause: Clause): { valid_from: string | null; valid_to: string | null } {
  const saidAtMs = clause.utterance.line.message.sentAtMs;
  const words = clause.tokens
    .slice(clause.start)
    .map(({ lower }) => lower)
    .join(' ');
  const isPast = clause.verb.tense === 'past' && !clause.hasEnded;
  const from = since(words, saidAtMs) ?? (isPast ? pastDay(words, saidAtMs) : undefined);
  return { valid_from: from ?? null, valid_to: clause.hasEnded ? new Date(saidAtMs).toISOString() : null };
}

/** "since 2015", "for 5 years". */
function since(words: string, saidAtMs: number): string | undefined {
  const year = /\bsince ((?:19|20)\d\d)\b/.exec(words)?.[1];
  if (year !== undefined) return year;
  const years = Number(/\bfor (?:about |over |almost )?(\d{1,2}) years\b/.exec(words)?.[1]);
  return Number.isInteger(years) && !/\bago\b/.test(words)
    ? String(new Date(saidAtMs).getUTCFullYear() - years)
    : undefined;
}

/** "in 2019", "two years ago", "yesterday", "last month": of what happened once. */
function pastDay(words: string, saidAtMs: number): string | undefined {
  const year = /\bin ((?:19|20)\d\d)\b/.exec(words)?.[1];
  if (year !== undefined) return year;
  const said = new Date(saidAtMs);
  const yearsAgo = Number(/\b(\d{1,2}) years? ago\b/.exec(words)?.[1]);
  if (Number.isInteger(yearsAgo)) return String(said.getUTCFullYear() - yearsAgo);
  if (/\blast year\b/.test(words)) return String(said.getUTCFullYear() - 1);
  if (/\blast month\b/.test(words))
    return new Date(Date.UTC(said.getUTCFullYear(), said.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
  return /\byesterday\b|\blast night\b/.test(words)
    ? new Date(saidAtMs - dayMs).toISOString().slice(0, 10)
    : undefined;
}
