import { databaseUrlKind, httpUrlKind } from '../address-kinds.ts';
import { positiveDurationKind, secretKind, textKind } from '../kinds.ts';
import { defaulted, optional } from './variable.ts';

export const storageVariables = {
  DATABASE_URL: optional({
    kind: databaseUrlKind,
    about:
      'Postgres that holds messages, windows and memory. A pooler in between has to keep prepared statements. Secret where it has a password.',
    unset: 'the embedded Postgres under `DATA_DIR`',
  }),
  QDRANT_URL: optional({
    kind: httpUrlKind,
    about: 'Qdrant that holds the vectors.',
    unset: 'vectors in Postgres',
  }),
  QDRANT_API_KEY: optional({
    kind: secretKind,
    about: 'Key for Qdrant. Secret.',
    unset: 'no key is sent',
  }),
  DATA_DIR: defaulted({
    kind: textKind,
    about: 'Folder of the embedded log and the embedded Postgres.',
    byDefault: '.afterword',
  }),
  TRANSCRIPT_RETENTION: optional({
    kind: positiveDurationKind,
    about: 'Age after which the text of messages is blanked; results are kept. No effect in this version.',
    unset: 'texts are kept',
  }),
} as const;
