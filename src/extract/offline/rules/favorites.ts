import type { Claim } from '../claims.ts';
import { typeOfItem } from '../claims.ts';
import type { Sentence, Token } from '../language-model.ts';
import { typeOfHead } from '../lexicon/entity-heads.ts';
import { readActions, readList } from '../lists.ts';
import { joined } from '../phrases.ts';
import { asDoing } from './tastes.ts';

export interface PlacedClaim extends Claim {
  /** Index of the first token that says it. */
  readonly start: number;
}

/** "My favorite song is …", "my favourite sports are hiking and cycling". */
export function readFavorites({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks) return [];
  const before = favoriteBefore(tokens);
  if (before.length > 0) return before;
  return tokens.flatMap((token, start) =>
    token.lower === 'my' ? [...favoriteAt(tokens, start), ...hobbiesAt(tokens, start)] : [],
  );
}

/** "My hobbies are painting and chess". */
function hobbiesAt(tokens: readonly Token[], start: number): PlacedClaim[] {
  const at = /^(?:main|other|biggest|greatest)$/.test(tokens[start + 1]?.lower ?? '') ? start + 2 : start + 1;
  const isHobbies = /^(?:hobby|hobbies|interests?|pastimes?|passions?)$/.test(tokens[at]?.lower ?? '');
  if (!isHobbies || !/^(?:is|are|include|includes)$/.test(tokens[at + 1]?.lower ?? '')) return [];
  return readList(tokens, at + 2).map((item) => ({
    relation: 'enjoys',
    name: item.name,
    type: typeOfItem(item) === 'other' ? 'hobby' : typeOfItem(item),
    confidence: 0.9,
    start,
    end: item.end,
  }));
}

/** "My favorite way to relax is to take walks and read", "… thing to do is baking". */
function favoriteDoings(tokens: readonly Token[], start: number, at: number): PlacedClaim[] {
  const base = { relation: 'enjoys', type: 'activity', confidence: 0.85, start } as const;
  if (tokens[at]?.lower === 'to')
    return readActions(tokens, at + 1)
      .filter(({ head }) => !/^(?:be|have|do)$/.test(head))
      .map(({ name, end }) => ({ ...base, name: asDoing(name), end }));
  return readList(tokens, at)
    .filter(({ phrase }) => phrase === null)
    .map(({ name, end }) => ({ ...base, name, end }));
}

/** "Reading is my favorite pastime", "jazz is one of my favorites". */
function favoriteBefore(tokens: readonly Token[]): PlacedClaim[] {
  const link = tokens.findIndex(({ lower }) => /^(?:is|are)$/.test(lower));
  const words = tokens
    .slice(link + 1, link + 6)
    .map(({ lower }) => lower)
    .join(' ');
  const isFavorite =
    /^(?:(?:also|definitely|still) )?(?:one of |some of )?my (?:favou?rites?|hobby|hobbies|passion)\b/.test(
      words,
    );
  if (link < 1 || !isFavorite) return [];
  const items = readList(tokens, 0);
  if (items.at(-1)?.end !== link) return [];
  return items.map((item) => ({
    relation: 'prefers',
    name: typeOfItem(item) === 'hobby' ? item.name.toLowerCase() : item.name,
    type: typeOfItem(item),
    confidence: 0.85,
    start: 0,
    end: item.end,
  }));
}

function favoriteAt(tokens: readonly Token[], start: number): PlacedClaim[] {
  if (!/^favou?rites?$/.test(tokens[start + 1]?.lower ?? '')) return [];
  const link = tokens.findIndex(
    (token, index) => index > start + 1 && /^(?:is|are|'s|was|were)$/.test(token.lower),
  );
  if (link < 0 || link - start > 8) return [];
  const kind = joined(tokens.slice(start + 2, link)).toLowerCase();
  const ways = /^(?:way|ways|thing|things)\b/.test(kind) ? favoriteDoings(tokens, start, link + 1) : [];
  if (ways.length > 0) return ways;
  // Else "my favorite part" has no name for what it is.
  if (/\b(?:way|ways|thing|things|part|time|one|about)\b/.test(kind)) return [];
  const color = tokens[link + 1];
  if (/\bcolou?r$/.test(kind) && color?.pos === 'ADJ') {
    return [
      {
        relation: 'prefers',
        name: color.lower,
        type: 'other',
        attributes: { favorite: kind },
        confidence: 0.9,
        start,
        end: link + 2,
      },
    ];
  }
  return readList(tokens, link + 1).map((item) => ({
    relation: 'prefers',
    name: item.name,
    type: typeOfItem(item) === 'other' ? typeOfHead(kind.split(' ').at(-1) ?? '') : typeOfItem(item),
    attributes: { favorite: kind === '' ? null : kind },
    confidence: 0.9,
    start,
    end: item.end,
  }));
}
