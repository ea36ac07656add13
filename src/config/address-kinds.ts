import { kind, splitList, type Kind } from './kinds.ts';
import { Secret } from './secret.ts';

const brokerPattern = /^[A-Za-z0-9_]([\w.-]{0,252}):(\d{1,5})$/;

export const brokersKind: Kind<readonly string[]> = kind(
  'brokers as `host:port`, separated by commas',
  (text) => {
    const brokers = splitList(text);
    return brokers?.every(isBroker) ? brokers : undefined;
  },
  (brokers) => brokers.join(','),
  brokersHint,
);

function isBroker(text: string): boolean {
  const port = Number(brokerPattern.exec(text)?.[2]);
  return port >= 1 && port <= 65_535;
}

function brokersHint(text: string): string | undefined {
  if (text.includes('://')) return 'without a scheme before the host';
  // The Kafka client splits at the first colon.
  if (text.includes('[')) return 'IPv6 literals are not supported, use a host name';
  return text.includes(':') ? undefined : 'the port is missing, usually `:9092`';
}

/**
 * Credentials and queries are refused: they would hide a secret in a value that is
 * printed. Keys have variables of their own.
 */
export const httpUrlKind: Kind<string> = kind(
  'an http or https URL without credentials or query',
  (text) => {
    const url = parseUrl(text, ['http:', 'https:']);
    const isPlain = url && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    return isPlain ? text.replace(/\/+$/, '') : undefined;
  },
  (url) => url,
  (text) => (text.includes('://') ? undefined : 'it begins with `http://` or `https://`'),
);

export const databaseUrlKind: Kind<Secret> = kind(
  'a URL such as `postgres://user:password@host:5432/database`',
  (text) => (parseUrl(text, ['postgres:', 'postgresql:']) ? new Secret(text) : undefined),
  maskDatabaseUrl,
  () => 'characters such as `@`, `/`, `#` and `%` in a password are written percent-encoded',
);

const plainParameters: readonly string[] = ['sslmode', 'application_name', 'connect_timeout', 'schema'];

/** Host, port, database and user stay; the password and parameters that could hold a secret do not. */
function maskDatabaseUrl(secret: Secret): string {
  const url = new URL(secret.reveal());
  const credentials = url.password
    ? `${url.username}:${String(secret)}@`
    : url.username && `${url.username}@`;
  const parameters = [...url.searchParams].map(([name, value]) =>
    plainParameters.includes(name) ? `${name}=${value}` : `${name}=${String(secret)}`,
  );
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${query}`;
}

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  if (/\s/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return protocols.includes(url.protocol) ? url : undefined;
}

/** Either the PEM text itself (`\n` may stand for line breaks) or the path of a file that holds it. */
export type PemSource = { readonly pem: Secret } | { readonly path: string };

export const pemKind: Kind<PemSource> = kind(
  'the path of a PEM file, or the PEM text itself',
  (text): PemSource =>
    text.startsWith('-----BEGIN ') ? { pem: new Secret(text.replaceAll('\\n', '\n')) } : { path: text },
  (source) => ('path' in source ? source.path : String(source.pem)),
);

/** Where a server listens: a name or an address, IPv6 without brackets. */
export const hostKind: Kind<string> = kind(
  'a host name or address to listen on, without a port',
  (text) => (/^[A-Za-z0-9_.:%-]{1,255}$/.test(text) && !/^[^:]*:[^:]*$/.test(text) ? text : undefined),
  (host) => host,
);

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
