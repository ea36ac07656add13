import { createRequire } from 'node:module';
import type { PartOfSpeech } from 'wink-nlp';
import type winkNlp from 'wink-nlp';
import type model from 'wink-eng-lite-web-model';

export interface Token {
  readonly text: string;
  readonly lower: string;
  readonly lemma: string;
  readonly pos: PartOfSpeech;
  /** Code units from the start of the text that was read. */
  readonly start: number;
  readonly end: number;
}

export interface Sentence {
  readonly tokens: readonly Token[];
  readonly start: number;
  readonly end: number;
  /** -1 (unpleasant) to 1 (pleasant). */
  readonly sentiment: number;
  readonly asks: boolean;
}

/** The part of wink-nlp in use; its own types declare methods where there are plain functions. */
interface LanguageModel {
  readonly readDoc: (text: string) => { tokens(): Selection; sentences(): Selection };
  readonly its: Readonly<Record<'value' | 'lemma' | 'pos' | 'span' | 'sentiment', Reader>>;
}
type Reader = (...args: never[]) => unknown;
interface Selection {
  out(reader: Reader): unknown[];
}

let loaded: LanguageModel | undefined;

/** Loaded when first needed: a deployment with a model key seldom pays for it. */
function languageModel(): LanguageModel {
  if (loaded !== undefined) return loaded;
  const require = createRequire(import.meta.url);
  const wink = require('wink-nlp') as typeof winkNlp;
  const methods: unknown = wink(require('wink-eng-lite-web-model') as typeof model, [
    'sbd',
    'pos',
    'sentiment',
  ]);
  loaded = methods as LanguageModel;
  return loaded;
}

/** Sentences of an English text with their words; offsets are those of the text given. */
export function parseText(text: string): Sentence[] {
  if (text.trim() === '') return [];
  const { readDoc, its } = languageModel();
  const doc = readDoc(text);
  const words = doc.tokens();
  const tokens = locate(
    text,
    words.out(its.value) as string[],
    words.out(its.lemma) as string[],
    words.out(its.pos) as PartOfSpeech[],
  );
  const spans = doc.sentences().out(its.span) as (readonly [number, number])[];
  const moods = doc.sentences().out(its.sentiment) as number[];
  return spans.map(([first, last], index) =>
    toSentence(tokens.slice(first, last + 1).flat(), moods[index] ?? 0),
  );
}

function toSentence(tokens: readonly Token[], sentiment: number): Sentence {
  return {
    tokens,
    start: tokens[0]?.start ?? 0,
    end: tokens.at(-1)?.end ?? 0,
    sentiment,
    asks: tokens.slice(-3).some((token) => token.text.includes('?')),
  };
}

/** One entry a token of the model, since the model counts sentences in its own tokens. */
function locate(text: string, values: string[], lemmas: string[], tags: PartOfSpeech[]): Token[][] {
  let from = 0;
  return values.map((value, index) => {
    // The model may respell (composed accents); then the place is where it would stand.
    const found = text.indexOf(value, from);
    const start = found < 0 ? from : found;
    from = Math.min(text.length, start + value.length);
    const pos = tags[index] ?? 'X';
    return split({
      text: value,
      lower: value.toLowerCase(),
      lemma: lemmas[index] ?? value,
      pos,
      start,
      end: from,
    });
  });
}

/** The model leaves "I'm" and "that's" in one piece where others are cut ("I" "'ve"). */
function split(token: Token): Token[] {
  const match = /^(i|you|we|they|he|she|it|that|there|what|who|where|how)('(?:m|s|re|ve|ll|d))$/i.exec(
    token.text,
  );
  const [, head, tail] = match ?? [];
  if (head === undefined || tail === undefined) return [token];
  const cut = token.start + head.length;
  const lemma = tail === "'ve" ? 'have' : tail === "'ll" ? 'will' : tail === "'d" ? 'would' : 'be';
  return [
    { ...token, text: head, lower: head.toLowerCase(), lemma: head.toLowerCase(), pos: 'PRON', end: cut },
    { ...token, text: tail, lower: tail.toLowerCase(), lemma, pos: 'AUX', start: cut },
  ];
}
