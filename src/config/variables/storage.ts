import { databaseUrlKind, httpUrlKind } from '../address-kinds.ts';
import { positiveDurationKind, secretKind, textKind } from '../kinds.ts';
import { defaulted, optional } from './variable.ts';

export const storageVariables = {
  DATABASE_URL: optional({
    kind: databaseUrlKind,
    about:
      'Postgres that holds messages, windows and memory. Behind a pooler that does not keep prepared statements it is slower. Secret where it has a password.',
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
