import { addressesReader } from '../../validators/third-person.ts';
import type { Reading, Utterance } from '../reading.ts';
import type { Statement } from './statements.ts';

const lead = String.raw`\b(?:do you have|have you got|can you (?:please )?(?:give|recommend|suggest|share|think of|offer)|could you (?:please )?(?:give|recommend|suggest|share)|would you (?:recommend|suggest)|are there|is there|any)(?: me| us)?`;
const praise = String.raw`(?:(?:any|some|a|an|a few|the|other|good|great|better|fresh|fun|specific|interesting|vivid|nice|more|recommended) )*`;
const matter = String.raw`(?<matter>(?:(?:[\p{L}'-]+) ){0,2}?(?:recommendations?|suggestions?|tips?|advice|ideas?|ways?|methods?|recipes?|strategies|techniques?|books?|movies?|games?|shows?|songs?|races|restaurants?|places|examples?|resources)\b(?: (?!you\b|that\b|which\b|i\b|to share\b|do you\b|could\b)[\p{L}'-]+){0,7})`;
const request = new RegExp(`${lead} ${praise}${matter}`, 'iu');

const endsBadly =
  / (?:to|for|on|of|in|with|and|or|the|a|an|me|my|that|about|by|as|is|are|please|could|can|will|help|share|try|so|refer|recommended)$/i;

/** What the user asked for: "asked for ways to relieve stress". */
export function requestsOf({ utterances }: Reading): Statement[] {
  const asked = utterances.flatMap(requestIn);
  const distinct = asked.filter(
    ({ text }, index) => asked.findIndex((other) => other.text === text) === index,
  );
  // The one with most to say first: "tips" alone says little.
  return distinct.sort((a, b) => b.text.length - a.text.length).slice(0, 1);
}

function requestIn({ text, line, sentences }: Utterance): Statement[] {
  return sentences.flatMap((sentence) => {
    const found = request.exec(text.slice(sentence.start, sentence.end))?.groups?.['matter'];
    const matterText = found === undefined ? '' : trimmed(found);
    if (matterText === '' || addressesReader(matterText)) return [];
    return [{ text: `asked for ${matterText}`, weight: 4.4, lines: [line.number] }];
  });
}

function trimmed(text: string): string {
  const theirs = text
    .replace(/\bmy\b/gi, 'their')
    .replace(/\b(?:for|to|with) me\b|\b(?:recently|lately|today|now)\b/gi, '')
    .replace(/\bme\b/gi, 'them')
    .replace(/\s+/g, ' ')
    .trim();
  return endsBadly.test(theirs) ? trimmed(theirs.replace(/ \S+$/, '')) : theirs;
}
