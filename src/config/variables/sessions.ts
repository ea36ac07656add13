import { choiceKind, durationKind, globsKind, integerKind, positiveDurationKind } from '../kinds.ts';
import { defaulted, optional } from './variable.ts';

export const sessionKeys = ['bot,user', 'bot,user,channel'] as const;
export const memoryScopes = ['bot', 'user'] as const;

export const sessionsVariables = {
  SESSION_GAP: defaulted({
    kind: positiveDurationKind,
    about: 'Silence that ends a window; exactly one gap still belongs.',
    byDefault: '30m',
    inFile: 'session.gap',
  }),
  SESSION_GRACE: defaulted({
    kind: durationKind,
    about: 'Quiet time after the last arrival before a window is extracted; shorter than the gap.',
    byDefault: '10s',
    inFile: 'session.grace',
  }),
  SESSION_MAX_MESSAGES: defaulted({
    kind: integerKind(2, 100_000),
    about: 'Most messages in a window; a longer one is cut at its longest silence.',
    byDefault: '500',
    inFile: 'session.maxMessages',
  }),
  SESSION_MAX_DURATION: defaulted({
    kind: positiveDurationKind,
    about: 'Longest time a window may span; at least the gap.',
    byDefault: '12h',
    inFile: 'session.maxDuration',
  }),
  SESSION_KEY: defaulted({
    kind: choiceKind(sessionKeys),
    about: 'What makes messages one conversation. It cannot change within a run.',
    byDefault: 'bot,user',
  }),
  IGNORE_USERS: optional({
    kind: globsKind,
    about: 'Users whose messages are stored and counted, never extracted.',
    unset: 'nobody',
    inFile: 'ignoreUsers',
  }),
  MEMORY_SCOPE: defaulted({
    kind: choiceKind(memoryScopes),
    about:
      'Whether a bot reads what it learnt itself (`bot`), or also what other bots learnt of the user outside private channels (`user`).',
    byDefault: 'bot',
  }),
} as const;
