import { httpUrlKind } from '../address-kinds.ts';
import {
  choiceKind,
  integerKind,
  moneyKind,
  nameKind,
  positiveDurationOrNeverKind,
  secretKind,
} from '../kinds.ts';
import { defaulted, optional } from './variable.ts';

export const modelOutputs = ['schema', 'tool'] as const;

export const modelVariables = {
  ANTHROPIC_API_KEY: optional({
    kind: secretKind,
    about: 'Key for the model. Secret.',
    unset: 'the offline analyser',
  }),
  ANTHROPIC_BASE_URL: optional({
    kind: httpUrlKind,
    about: 'Where the model’s API is reached, for a proxy or gateway.',
    unset: 'Anthropic’s own address',
  }),
  AFTERWORD_MODEL: defaulted({
    kind: nameKind,
    about: 'Model that extracts.',
    byDefault: 'claude-haiku-5-5',
    inFile: 'model',
  }),
  MODEL_OUTPUT: defaulted({
    kind: choiceKind(modelOutputs),
    about:
      'How the model is asked to answer in form: `schema`, by JSON schema; `tool`, by a tool that it has to call, for compatible servers that lack the former.',
    byDefault: 'schema',
    inFile: 'modelOutput',
  }),
  MODEL_TRANSCRIPT_TOKENS: defaulted({
    kind: integerKind(4_000, 2_000_000),
    about:
      'Most of a conversation that the model reads at once, in tokens as estimated (on the high side); a longer one is read in parts that overlap, a call each.',
    byDefault: '80000',
    inFile: 'transcriptTokens',
  }),
  BUDGET_USD_PER_DAY: optional({
    kind: moneyKind,
    about: 'Most to spend on the model in a day (UTC); past it, windows wait for the next day.',
    unset: 'no limit',
    inFile: 'budgetUsdPerDay',
  }),
  EXTRACT_CONCURRENCY: defaulted({
    kind: integerKind(1, 256),
    about: 'Most windows extracted at the same time by this process.',
    byDefault: '4',
  }),
  MODEL_FALLBACK_AFTER: defaulted({
    kind: positiveDurationOrNeverKind,
    about:
      'How long calls to the model may be stopped before windows get provisional results by rules, replaced when it is back; `never`: they wait.',
    byDefault: '15m',
  }),
  EMBEDDINGS_URL: optional({
    kind: httpUrlKind,
    about: 'OpenAI-compatible embeddings service; needs `EMBEDDINGS_MODEL`.',
    unset: 'lexical vectors',
  }),
  EMBEDDINGS_MODEL: optional({
    kind: nameKind,
    about: 'Model of the embeddings service; needs `EMBEDDINGS_URL`.',
    unset: 'lexical vectors',
  }),
  EMBEDDINGS_API_KEY: optional({
    kind: secretKind,
    about: 'Key for the embeddings service. Secret.',
    unset: 'no key is sent',
  }),
} as const;
