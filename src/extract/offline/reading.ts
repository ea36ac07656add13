import { foldText } from '../fold-text.ts';
import { hasText } from '../evidence.ts';
import { quotedSpans } from '../quoted-text.ts';
import type { Transcript, TranscriptLine } from '../transcript.ts';
import { languageOf } from '../window-language.ts';
import { isPlainlyForeign, isTooShortToTell } from './detect-language.ts';
import { parseText, type Sentence } from './language-model.ts';

/** One message as the rules read it: others' words and markup are blanked, offsets stay. */
export interface Utterance {
  readonly line: TranscriptLine;
  /** As long as the message's content, so that offsets cut verbatim quotes. */
  readonly text: string;
  readonly sentences: readonly Sentence[];
  /** What the bot asked last before it; null when it asked nothing. */
  readonly answers: BotQuestion | null;
}

export interface BotQuestion {
  readonly line: TranscriptLine;
  readonly text: string;
}

export interface Reading {
  readonly transcript: Transcript;
  /** Of all the user's words together: 'en', 'es', … or 'und'. */
  readonly language: string;
  /** English, or too few words to tell: rules match English words only, so little can go wrong. */
  readonly isEnglish: boolean;
  /** The user's messages; without sentences where they are not English, or the window is not. */
  readonly utterances: readonly Utterance[];
}

// The three stages read the same transcript; it is parsed once.
const readings = new WeakMap<Transcript, Reading>();

export function readTranscript(transcript: Transcript): Reading {
  const known = readings.get(transcript);
  if (known !== undefined) return known;
  const reading = read(transcript);
  readings.set(transcript, reading);
  return reading;
}

function read(transcript: Transcript): Reading {
  const lines = transcript.lines.filter(hasText);
  const byUser = lines.filter(({ message }) => message.role === 'user');
  const language = languageOf(transcript);
  const said = byUser.map(({ message }) => message.content).join('\n');
  const isEnglish = language === 'en' || (language === 'und' && isTooShortToTell(said));
  const utterances = byUser.map((line) => {
    const text = ownWords(line, lines, transcript.botId);
    // In a conversation that mixes languages each message is looked at by itself.
    const sentences = isEnglish && !isPlainlyForeign(text) ? parseText(text) : [];
    return { line, text, sentences, answers: questionBefore(line, lines) };
  });
  return { transcript, language, isEnglish, utterances };
}

/** Blanks what the user did not say as themselves, or what is no prose. */
function ownWords(line: TranscriptLine, lines: readonly TranscriptLine[], botId: string): string {
  const { content } = line.message;
  const plain = content
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replace(/```[\s\S]*?(?:```|$)|`[^`]*`|\b\w+:\/\/\S+|\*[^*\n]+\*/g, blank);
  if (!/["“„«>:]|forward|fwd|original/i.test(content) && content.length < 40) return plain;
  const said = lines
    .filter((other) => other.message.role === 'assistant' && other.number < line.number)
    .map((other) => foldText(other.message.content));
  return quotedSpans(content, botId, said).reduce(
    (text, { start, end }) => text.slice(0, start) + blank(text.slice(start, end)) + text.slice(end),
    plain,
  );
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function questionBefore(line: TranscriptLine, lines: readonly TranscriptLine[]): BotQuestion | null {
  const before = lines[lines.indexOf(line) - 1];
  if (before?.message.role !== 'assistant') return null;
  const sentences = before.message.content.split(/(?<=[.!?])\s+/);
  const text = sentences.findLast((sentence) => sentence.endsWith('?'));
  return text === undefined ? null : { line: before, text: text.replaceAll('’', "'") };
}
