import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Sentence } from '../language-model.ts';
import type { PlacedClaim } from './favorites.ts';
import { readNounPhrase } from '../phrases.ts';

const months = /^(?:january|february|march|april|may|june|july|august|september|october|november|december)$/;

/** "Today is my birthday", "my birthday is on March 3". */
export function readBirthday({ tokens, asks }: Sentence, saidAtMs: number): PlacedClaim[] {
  const at = tokens.findIndex(
    ({ lower }, index) => lower === 'birthday' && tokens[index - 1]?.lower === 'my',
  );
  if (at < 0 || asks) return [];
  const claim = { relation: 'has', name: 'birthday', type: 'event', confidence: 0.9 } as const;
  const before = tokens
    .slice(Math.max(0, at - 3), at - 1)
    .map(({ lower }) => lower)
    .join(' ');
  if (/^(?:\S+ )?today (?:is|'s)$|^today 's$/.test(before))
    return [{ ...claim, attributes: { date: dayName(saidAtMs) }, start: at - 3, end: at + 1 }];
  const rest = tokens.slice(at + 1, at + 7);
  const month = rest.find(({ lower, text }) => months.test(lower) && /^\p{Lu}/u.test(text));
  const day = rest.find(({ text }) => /^\d{1,2}(?:st|nd|rd|th)?$/.test(text));
  if (!/^(?:is|'s)$/.test(rest[0]?.lower ?? '') || month === undefined || day === undefined) return [];
  const end = Math.max(tokens.indexOf(month), tokens.indexOf(day)) + 1;
  return [
    {
      ...claim,
      attributes: { date: `${month.text} ${String(Number.parseInt(day.text, 10))}` },
      start: at - 1,
      end,
    },
  ];
}

function dayName(ms: number): string {
  return new Date(ms).toLocaleDateString('en-US', { month: 'long', day: 'numeric', timeZone: 'UTC' });
}

/** "I was diagnosed with asthma", "I suffer from migraines". */
export function readDiagnosis({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || verb.modal !== null || !/^(?:with|from)$/.test(tokens[verb.end]?.lower ?? ''))
    return [];
  const illness = readNounPhrase(tokens, verb.end + 1);
  return illness === undefined
    ? []
    : [{ relation: 'has', name: illness.name, type: 'health', confidence: 0.85, end: illness.end }];
}
