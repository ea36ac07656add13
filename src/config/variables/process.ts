import { hostKind } from '../address-kinds.ts';
import { choiceKind, integerKind, secretKind, textKind } from '../kinds.ts';
import { defaulted, optional } from './variable.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const processVariables = {
  HTTP_HOST: defaulted({
    kind: hostKind,
    about: 'Address that the HTTP server listens on; beyond this machine it needs `HTTP_TOKEN`.',
    byDefault: '127.0.0.1',
  }),
  HTTP_PORT: defaulted({
    kind: integerKind(0, 65_535),
    about: 'Port of the HTTP server; 0 takes any free one.',
    byDefault: '8787',
  }),
  HTTP_TOKEN: optional({
    kind: secretKind,
    about: 'Bearer token that every route but the probes asks for. Secret.',
    unset: 'no token is asked for',
  }),
  LOG_LEVEL: defaulted({
    kind: choiceKind(logLevels),
    about: 'Least severity that is logged.',
    byDefault: 'info',
  }),
  AFTERWORD_CONFIG: optional({
    kind: textKind,
    about: 'Path of the config file, for what is structured or per bot.',
    unset: 'no file is read',
  }),
} as const;
