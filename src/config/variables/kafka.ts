import { brokersKind, pemKind } from '../address-kinds.ts';
import { booleanKind, choiceKind, nameKind, passwordKind, textKind, topicKind } from '../kinds.ts';
import { defaulted, optional } from './variable.ts';

export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

export const kafkaVariables = {
  KAFKA_BROKERS: optional({
    kind: brokersKind,
    about: 'Brokers to begin with.',
    unset: 'the embedded log',
  }),
  KAFKA_CLIENT_ID: defaulted({
    kind: nameKind,
    about: 'Name that this process gives to the brokers.',
    byDefault: 'afterword',
  }),
  KAFKA_GROUP_ID: defaulted({
    kind: nameKind,
    about: 'Consumer group that reads the messages topic.',
    byDefault: 'afterword',
  }),
  KAFKA_MESSAGES_TOPIC: defaulted({
    kind: topicKind,
    about: 'Topic that bots publish messages to.',
    byDefault: 'bot.messages',
  }),
  KAFKA_RESULTS_TOPIC: defaulted({
    kind: topicKind,
    about: 'Topic that results are published to.',
    byDefault: 'conversation.enrichments',
  }),
  KAFKA_DEAD_LETTER_TOPIC: defaulted({
    kind: topicKind,
    about: 'Topic for records that can never be used.',
    byDefault: 'bot.messages.dead-letter',
  }),
  KAFKA_SSL: optional({
    kind: booleanKind,
    about: 'Whether connections to the brokers are encrypted.',
    unset: '`true` when another `KAFKA_SSL_` variable is set, else `false`',
  }),
  KAFKA_SSL_CA: optional({
    kind: pemKind,
    about: 'Certificate authority that signed the brokers’ certificates.',
    unset: 'the authorities that Node.js trusts',
  }),
  KAFKA_SSL_CERT: optional({
    kind: pemKind,
    about: 'Client certificate; needs `KAFKA_SSL_KEY`.',
    unset: 'no client certificate',
  }),
  KAFKA_SSL_KEY: optional({
    kind: pemKind,
    about: 'Private key of the client certificate; needs `KAFKA_SSL_CERT`.',
    unset: 'no client certificate',
  }),
  KAFKA_SSL_REJECT_UNAUTHORIZED: optional({
    kind: booleanKind,
    about: 'Whether a broker whose certificate cannot be verified is refused.',
    unset: '`true`',
  }),
  KAFKA_SASL_MECHANISM: optional({
    kind: choiceKind(saslMechanisms),
    about: 'How to log in to the brokers; needs `KAFKA_SASL_USERNAME` and `KAFKA_SASL_PASSWORD`.',
    unset: 'no login; `plain` when a user name is set',
  }),
  KAFKA_SASL_USERNAME: optional({
    kind: textKind,
    about: 'User name for the brokers.',
    unset: 'no login',
  }),
  KAFKA_SASL_PASSWORD: optional({
    kind: passwordKind,
    about: 'Password for the brokers. Secret.',
    unset: 'no login',
  }),
} as const;
