import type { PemSource } from './address-kinds.ts';
import type { KafkaConnection, KafkaSsl } from './config.ts';
import type { ConfigFault } from './faults.ts';
import { readTextFile, type ReadFile } from './read-config-file.ts';
import { Secret } from './secret.ts';
import type { Values } from './variables.ts';

type PemVariable = 'KAFKA_SSL_CA' | 'KAFKA_SSL_CERT' | 'KAFKA_SSL_KEY';

/** null: no brokers. Files that cannot be read or are not PEM are added to `faults`. */
export function kafkaConnection(
  values: Values,
  readFile: ReadFile,
  faults: ConfigFault[],
): KafkaConnection | null {
  const ssl = kafkaSsl(values, (name) => readPem(name, values[name], readFile, faults));
  const { KAFKA_BROKERS: brokers, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = values;
  if (brokers === undefined) return null;
  const mechanism = values.KAFKA_SASL_MECHANISM ?? 'plain';
  return { brokers, ssl, sasl: username && password ? { mechanism, username, password } : null };
}

function kafkaSsl(values: Values, pem: (name: PemVariable) => Secret | null): KafkaSsl | null {
  const [ca, cert, key] = [pem('KAFKA_SSL_CA'), pem('KAFKA_SSL_CERT'), pem('KAFKA_SSL_KEY')];
  if (!usesSsl(values)) return null;
  return {
    ca: ca?.reveal() ?? null,
    client: cert && key ? { cert: cert.reveal(), key } : null,
    rejectUnauthorized: values.KAFKA_SSL_REJECT_UNAUTHORIZED ?? true,
  };
}

const sslDetails = [
  'KAFKA_SSL_CA',
  'KAFKA_SSL_CERT',
  'KAFKA_SSL_KEY',
  'KAFKA_SSL_REJECT_UNAUTHORIZED',
] as const;

/** Whoever sets a detail of TLS means TLS, and must not be given plain connections. */
export function usesSsl(values: Values): boolean {
  return values.KAFKA_SSL ?? sslDetails.some((name) => values[name] !== undefined);
}

function readPem(
  name: PemVariable,
  source: PemSource | undefined,
  readFile: ReadFile,
  faults: ConfigFault[],
): Secret | null {
  if (source === undefined) return null;
  if ('pem' in source) return source.pem;
  const read = readTextFile(source.path, readFile);
  if ('text' in read && read.text.includes('-----BEGIN ')) return new Secret(read.text);
  faults.push({ name, problem: 'problem' in read ? read.problem : 'the file holds no PEM text' });
  return null;
}
