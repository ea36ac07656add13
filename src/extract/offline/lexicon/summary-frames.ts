/**
 * What stands around a person's own sentences, so that nobody takes them for the narrator's, in
 * the language of the sentences. A language without a frame gets the bare sentences.
 */
export interface SummaryFrame {
  readonly before: string;
  readonly after: string;
}

const frames: Readonly<Record<string, SummaryFrame>> = {
  de: { before: 'In den Worten der Person: „', after: '“' },
  es: { before: 'En palabras de la persona: «', after: '»' },
  fr: { before: 'Dans les mots de la personne : « ', after: ' »' },
  it: { before: 'Nelle parole della persona: «', after: '»' },
  pt: { before: 'Nas palavras da pessoa: «', after: '»' },
  nl: { before: 'In de woorden van de persoon: “', after: '”' },
  ja: { before: '本人の言葉:「', after: '」' },
  zh: { before: '用户的原话:“', after: '”' },
};

export function frameOf(language: string): SummaryFrame {
  return frames[language] ?? { before: '', after: '' };
}

/** Between sentences of a script that writes spaces, and of one that does not. */
export function gapBetweenSentences(language: string): string {
  return /^(?:ja|zh|th)$/.test(language) ? '' : ' ';
}
