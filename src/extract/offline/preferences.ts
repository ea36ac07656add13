import type { PreferenceKey } from '../../model/results.ts';
import type { PreferenceDraft, PreferencesDraft } from '../stages/drafts.ts';
import type { Transcript, TranscriptLine } from '../transcript.ts';
import { offlineFacts } from './facts.ts';
import { preferenceRules, type PreferenceRule } from './lexicon/preference-rules.ts';
import { readTranscript, type Reading, type Utterance } from './reading.ts';

/**
 * How the user wants to be talked to: requests in words, and little that shows without
 * words (name, home, language, emojis). Requests are understood in English only.
 */
export function offlinePreferences(transcript: Transcript): PreferencesDraft {
  const reading = readTranscript(transcript);
  const asked = reading.isEnglish ? reading.utterances.flatMap(readRequests) : [];
  const implied = [...fromFacts(transcript), ...fromLanguage(reading), ...fromEmojis(reading)];
  // What was asked for in words stands; a hint about the same matter is left out.
  const hints = implied.filter(({ key }) => !asked.some((request) => request.key === key));
  return { preferences: [...newestOf(asked), ...hints] };
}

function readRequests(utterance: Utterance): PreferenceDraft[] {
  return preferenceRules.flatMap((rule) => readRequest(utterance, rule));
}

function readRequest({ line, text }: Utterance, rule: PreferenceRule): PreferenceDraft[] {
  const match = rule.words.exec(text);
  if (match === null) return [];
  const value = rule.value ?? match.groups?.['value']?.trim() ?? '';
  if (
    value === '' ||
    /^(?:me|you|it|that|this|us|them|a|an|the|later|back|when|if|anytime|again|soon)$/i.test(value)
  )
    return [];
  const quote = line.message.content.slice(match.index, match.index + match[0].length).trim();
  return [draft(rule.key, value, true, 0.92, rule.reasoning, [{ line, quote }])];
}

function draft(
  key: PreferenceKey,
  value: string,
  explicit: boolean,
  confidence: number,
  reasoning: string,
  quotes: readonly { readonly line: TranscriptLine; readonly quote: string }[],
): PreferenceDraft {
  const evidence = quotes.map(({ line, quote }) => ({ line: line.number, quote }));
  return { key, value, explicit, confidence, reasoning, evidence };
}

/** Of two requests about one matter the later holds; topics add up. */
function newestOf(requests: readonly PreferenceDraft[]): PreferenceDraft[] {
  const many = /^topic/;
  return requests.filter(
    ({ key }, index) => many.test(key) || !requests.slice(index + 1).some((later) => later.key === key),
  );
}

/** A name and a home that the user told, as far as they were plainly stated and still hold. */
function fromFacts(transcript: Transcript): PreferenceDraft[] {
  return offlineFacts(transcript).facts.flatMap((fact) => {
    const isNow = fact.modality === 'stated' && fact.polarity === 'positive' && fact.valid_to === null;
    const key =
      fact.relation === 'is_named' ? 'preferred_name' : fact.relation === 'lives_in' ? 'location' : undefined;
    if (!isNow || key === undefined) return [];
    const reasoning =
      key === 'location'
        ? 'The user said that they live there.'
        : 'The user introduced themselves by this name.';
    return [
      { key, value: fact.entity_name, explicit: false, confidence: 0.7, reasoning, evidence: fact.evidence },
    ];
  });
}

const minWordsForLanguage = 12;
const minMessagesForHabit = 4;

/** Three messages in a language other than English say that it is spoken; English says little. */
function fromLanguage({ language, utterances }: Reading): PreferenceDraft[] {
  const words = utterances.reduce((sum, { text }) => sum + (text.match(/\p{L}+/gu)?.length ?? 0), 0);
  const isUnspaced = /^(?:zh|ja|th)$/.test(language);
  if (language === 'en' || language === 'und' || utterances.length < 3) return [];
  if (words < (isUnspaced ? 3 : minWordsForLanguage)) return [];
  const quotes = utterances.slice(0, 3).map(({ line }) => ({ line, quote: line.message.content }));
  return [draft('language', language, false, 0.75, 'The user writes in this language throughout.', quotes)];
}

function fromEmojis({ utterances }: Reading): PreferenceDraft[] {
  const withEmojis = utterances.filter(({ text }) => /\p{Extended_Pictographic}/u.test(text));
  if (utterances.length < minMessagesForHabit || withEmojis.length * 2 < utterances.length) return [];
  const quotes = withEmojis.slice(0, 3).map(({ line }) => ({ line, quote: line.message.content }));
  return [draft('use_emojis', 'yes', false, 0.6, 'The user puts emojis into most messages.', quotes)];
}
