import type { Claim } from '../claims.ts';
import { typeOfItem } from '../claims.ts';
import type { Sentence, Token } from '../language-model.ts';
import { typeOfHead } from '../lexicon/entity-heads.ts';
import { readList } from '../lists.ts';
import { joined } from '../phrases.ts';

export interface PlacedClaim extends Claim {
  /** Index of the first token that says it. */
  readonly start: number;
}

/** "My favorite song is …", "my favourite sports are hiking and cycling". */
export function readFavorites({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks) return [];
  return tokens.flatMap((token, start) =>
    token.lower === 'my' ? [...favoriteAt(tokens, start), ...hobbiesAt(tokens, start)] : [],
  );
}

/** "My hobbies are painting and chess". */
function hobbiesAt(tokens: readonly Token[], start: number): PlacedClaim[] {
  const isHobbies = /^(?:hobby|hobbies|interests)$/.test(tokens[start + 1]?.lower ?? '');
  if (!isHobbies || !/^(?:is|are)$/.test(tokens[start + 2]?.lower ?? '')) return [];
  return readList(tokens, start + 3).map((item) => ({
    relation: 'enjoys',
    name: item.name,
    type: typeOfItem(item) === 'other' ? 'hobby' : typeOfItem(item),
    confidence: 0.9,
    start,
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
  // "My favorite way to travel is to …" has no name for what it is.
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
