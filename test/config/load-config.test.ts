import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { variableNames } from '../../src/config/variables.ts';
import { configOf, faultsOf, filesOf, noFiles } from './config-files.ts';

const minutes = 60_000;

describe('an empty environment', () => {
  const config = configOf({});

  it('gives the documented defaults', () => {
    expect(config.session).toEqual({
      gapMs: 30 * minutes,
      graceMs: 10_000,
      maxMessages: 500,
      maxDurationMs: 720 * minutes,
      key: 'bot,user',
    });
    expect(config.kafka).toEqual({
      connection: null,
      clientId: 'afterword',
      groupId: 'afterword',
      messagesTopic: 'bot.messages',
      resultsTopic: 'conversation.enrichments',
      deadLetterTopic: 'bot.messages.dead-letter',
    });
    expect(config.http).toEqual({ host: '127.0.0.1', port: 8787, token: null });
    expect(config.extract).toMatchObject({
      model: 'claude-haiku-5-5',
      concurrency: 4,
      budgetUsdPerDay: null,
    });
    expect(config.retention).toEqual({
      keptAnswersMs: 30 * 24 * 60 * minutes,
      modelCallsMs: 400 * 24 * 60 * minutes,
      embeddedLogMs: 7 * 24 * 60 * minutes,
    });
    expect(config).toMatchObject({ dataDir: '.afterword', logLevel: 'info', transcriptRetentionMs: null });
  });

  it('uses what is embedded where no service is named', () => {
    expect(config).toMatchObject({ databaseUrl: null, qdrant: null, anthropic: null, embeddings: null });
  });

  it('warns of nothing', () => {
    expect(config.warnings).toEqual([]);
  });
});

it('reads every variable by its name', () => {
  const config = loadConfig(
    {
      KAFKA_BROKERS: 'one:9092, two:9093',
      KAFKA_CLIENT_ID: 'client',
      KAFKA_GROUP_ID: 'group',
      KAFKA_MESSAGES_TOPIC: 'm',
      KAFKA_RESULTS_TOPIC: 'r',
      KAFKA_DEAD_LETTER_TOPIC: 'd',
      KAFKA_SSL: 'yes',
      KAFKA_SSL_CA: 'ca.pem',
      KAFKA_SSL_CERT: 'cert.pem',
      KAFKA_SSL_KEY: '-----BEGIN PRIVATE KEY-----\\nabc',
      KAFKA_SSL_REJECT_UNAUTHORIZED: 'false',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'ann',
      KAFKA_SASL_PASSWORD: 'pass word',
      DATABASE_URL: 'postgres://ann:pw@db:5432/memory',
      QDRANT_URL: 'http://qdrant:6333/',
      QDRANT_API_KEY: 'qk',
      DATA_DIR: '/data',
      TRANSCRIPT_RETENTION: '90d',
      ANTHROPIC_API_KEY: 'ak',
      ANTHROPIC_BASE_URL: 'https://gateway',
      AFTERWORD_MODEL: 'a-model',
      MODEL_OUTPUT: 'tool',
      MODEL_TRANSCRIPT_TOKENS: '50000',
      BUDGET_USD_PER_DAY: '2.50',
      EXTRACT_CONCURRENCY: '16',
      MODEL_FALLBACK_AFTER: 'never',
      EMBEDDINGS_URL: 'https://embed/v1',
      EMBEDDINGS_MODEL: 'e-model',
      EMBEDDINGS_API_KEY: 'ek',
      SESSION_GAP: '45m',
      SESSION_GRACE: '500ms',
      SESSION_MAX_MESSAGES: '200',
      SESSION_MAX_DURATION: '1d',
      SESSION_KEY: 'bot, user, channel',
      IGNORE_USERS: 'bot-*, ?elper',
      MEMORY_SCOPE: 'user',
      HTTP_HOST: '0.0.0.0',
      HTTP_PORT: '0',
      HTTP_TOKEN: 'token',
      LOG_LEVEL: 'DEBUG',
      AFTERWORD_CONFIG: 'prices.json',
    },
    filesOf({
      'ca.pem': '-----BEGIN CERTIFICATE-----',
      'cert.pem': '-----BEGIN CERTIFICATE-----2',
      'prices.json': '{"prices": {"a-model": {"inputUsdPerMillion": 1, "outputUsdPerMillion": 5}}}',
    }),
  );
  expect(variableNames.filter((name) => config.sources[name] !== 'environment')).toEqual([]);
  expect(config.kafka).toMatchObject({ clientId: 'client', groupId: 'group', messagesTopic: 'm' });
  const { connection } = config.kafka;
  expect(connection?.brokers).toEqual(['one:9092', 'two:9093']);
  expect(connection?.ssl).toMatchObject({ ca: '-----BEGIN CERTIFICATE-----', rejectUnauthorized: false });
  expect(connection?.ssl?.client?.cert).toBe('-----BEGIN CERTIFICATE-----2');
  expect(connection?.ssl?.client?.key.reveal()).toBe('-----BEGIN PRIVATE KEY-----\nabc');
  expect(connection?.sasl).toMatchObject({ mechanism: 'scram-sha-512', username: 'ann' });
  expect(connection?.sasl?.password.reveal()).toBe('pass word');
  expect(config.databaseUrl?.reveal()).toBe('postgres://ann:pw@db:5432/memory');
  expect(config.qdrant?.url).toBe('http://qdrant:6333');
  expect(config.qdrant?.apiKey?.reveal()).toBe('qk');
  expect(config.anthropic?.apiKey.reveal()).toBe('ak');
  expect(config.anthropic?.baseUrl).toBe('https://gateway');
  expect(config.embeddings).toMatchObject({ url: 'https://embed/v1', model: 'e-model' });
  expect(config.embeddings?.apiKey?.reveal()).toBe('ek');
  expect(config.extract).toMatchObject({
    model: 'a-model',
    budgetUsdPerDay: 2.5,
    concurrency: 16,
    fallbackAfterMs: null,
  });
  expect(config.extract.ignoreUsers).toEqual(['bot-*', '?elper']);
  expect(config.session).toEqual({
    gapMs: 45 * minutes,
    graceMs: 500,
    maxMessages: 200,
    maxDurationMs: 1440 * minutes,
    key: 'bot,user,channel',
  });
  expect(config.memory.scope).toBe('user');
  expect(config.transcriptRetentionMs).toBe(90 * 1440 * minutes);
  expect(config.http).toMatchObject({ host: '0.0.0.0', port: 0 });
  expect(config.http.token?.reveal()).toBe('token');
  expect(config).toMatchObject({ dataDir: '/data', logLevel: 'debug' });
});

it('counts an empty text as unset', () => {
  const config = configOf({ KAFKA_BROKERS: '', SESSION_GAP: '  ', ANTHROPIC_API_KEY: '' });
  expect(config.kafka.connection).toBeNull();
  expect(config.session.gapMs).toBe(30 * minutes);
  expect(config.anthropic).toBeNull();
});

it('reports every fault at once, by the name of its variable', () => {
  const faults = faultsOf({
    KAFKA_BROKERS: 'broker',
    SESSION_GAP: '30',
    HTTP_PORT: '65536',
    LOG_LEVEL: 'loud',
    BUDGET_USD_PER_DAY: '0',
    DATABASE_URL: 'mysql://db',
    KAFKA_SSL: 'perhaps',
    IGNORE_USERS: 'a,,b',
    KAFKA_MESSAGES_TOPIC: 'a topic',
    QDRANT_URL: 'qdrant:6333',
  });
  expect(faults).toHaveLength(10);
  expect(faults).toContain(
    'KAFKA_BROKERS: expected brokers as `host:port`, separated by commas (the port is missing, usually `:9092`)',
  );
  expect(faults).toContain(
    'SESSION_GAP: expected a duration above 0, such as `10s`, `30m`, `12h` or `90d` (a number needs its unit: ms, s, m, h or d)',
  );
  expect(faults).toContain('HTTP_PORT: expected a whole number from 0 to 65535');
});

it('never repeats a value in a fault, whichever variable it was put under', () => {
  const planted = 'sk-planted value/7';
  const tried = variableNames.filter((name) => {
    try {
      configOf({ [name]: planted });
      return false;
    } catch (error) {
      const { message, stack } = error as Error;
      const printed = `${message}${stack ?? ''}${inspect(error, { depth: null })}${JSON.stringify(error)}`;
      expect(printed).not.toContain('planted');
      return true;
    }
  });
  expect(tried.length).toBeGreaterThan(20);
});

it('refuses the zero, the negative and the missing unit of a duration', () => {
  for (const text of ['0s', '-5m', '30', '1.5h', '30 m', '10y', 'm', '9999999999d']) {
    expect(faultsOf({ SESSION_GAP: text })[0]).toMatch(/^SESSION_GAP: expected a duration above 0/);
  }
  expect(configOf({ SESSION_GRACE: '0s' }).session.graceMs).toBe(0);
});

describe('rules between settings', () => {
  it.each([
    [{ SESSION_GAP: '10s', SESSION_GRACE: '10s' }, 'SESSION_GRACE: expected less than SESSION_GAP (10s)'],
    [{ SESSION_GAP: '13h' }, 'SESSION_GAP: expected at most SESSION_MAX_DURATION (12h)'],
    [{ HTTP_HOST: '0.0.0.0' }, 'HTTP_TOKEN: missing, HTTP_HOST can be reached from beyond this machine'],
    [{ HTTP_HOST: '::' }, 'HTTP_TOKEN: missing, HTTP_HOST can be reached from beyond this machine'],
    [{ KAFKA_SASL_USERNAME: 'ann' }, 'KAFKA_SASL_PASSWORD: missing, KAFKA_SASL_USERNAME needs it'],
    [{ EMBEDDINGS_URL: 'http://e' }, 'EMBEDDINGS_MODEL: missing, EMBEDDINGS_URL needs it'],
    [
      { KAFKA_RESULTS_TOPIC: 'bot.messages' },
      'KAFKA_RESULTS_TOPIC: expected another topic than KAFKA_MESSAGES_TOPIC',
    ],
    [{ KAFKA_SSL_KEY: '-----BEGIN KEY' }, 'KAFKA_SSL_CERT: missing, KAFKA_SSL_KEY needs it'],
    [{ KAFKA_SSL: 'false', KAFKA_SSL_CA: '-----BEGIN X' }, 'KAFKA_SSL_CA: set although KAFKA_SSL is `false`'],
    [{ KAFKA_SSL_CA: 'away.pem' }, 'KAFKA_SSL_CA: the file could not be read (ENOENT)'],
  ] as const)('%j is refused', (environment, fault) => {
    expect(faultsOf(environment)).toEqual([fault]);
  });

  it('names both halves of a login that only has its mechanism', () => {
    expect(faultsOf({ KAFKA_SASL_MECHANISM: 'plain' })).toEqual([
      'KAFKA_SASL_USERNAME: missing, KAFKA_SASL_MECHANISM needs it',
      'KAFKA_SASL_PASSWORD: missing, KAFKA_SASL_MECHANISM needs it',
    ]);
  });

  it('says nothing of a setting that was misread, since a default stands in its place', () => {
    expect(faultsOf({ SESSION_GAP: '13h', SESSION_MAX_DURATION: '24' })).toHaveLength(1);
    expect(faultsOf({ HTTP_HOST: '0.0.0.0', HTTP_TOKEN: 'two words' })).toHaveLength(1);
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('asks for no token on %s', (host) => {
    expect(configOf({ HTTP_HOST: host }).http.token).toBeNull();
  });
});

describe('TLS', () => {
  it('is meant when an authority is named', () => {
    const config = configOf({ KAFKA_BROKERS: 'b:9093', KAFKA_SSL_CA: '-----BEGIN CERTIFICATE-----' });
    expect(config.kafka.connection?.ssl).toMatchObject({ rejectUnauthorized: true, client: null });
  });

  it('refuses a file that holds no PEM text, without quoting it', () => {
    const read = (): unknown =>
      loadConfig({ KAFKA_BROKERS: 'b:9093', KAFKA_SSL_CA: 'x' }, filesOf({ x: 'planted' }));
    expect(read).toThrow('KAFKA_SSL_CA: the file holds no PEM text');
    expect(read).not.toThrow('planted');
  });
});

describe('the result', () => {
  it('is frozen all the way down', () => {
    const config = configOf({ KAFKA_BROKERS: 'b:9092' }, { bots: { tia: { ignoreUsers: ['x'] } } });
    expect(() => {
      (config.session as { gapMs: number }).gapMs = 1;
    }).toThrow(TypeError);
    expect(() => (config.bots['tia']?.ignoreUsers as string[]).push('y')).toThrow(TypeError);
    expect(() => (config.kafka.connection?.brokers as string[]).push('y')).toThrow(TypeError);
  });

  it('shows no secret in JSON or inspection', () => {
    const config = loadConfig(
      {
        KAFKA_BROKERS: 'b:9092',
        KAFKA_SSL: 'true',
        KAFKA_SASL_USERNAME: 'ann',
        KAFKA_SASL_PASSWORD: 'planted',
        DATABASE_URL: 'postgres://ann:planted@db/x?sslpassword=planted',
        QDRANT_URL: 'http://q',
        QDRANT_API_KEY: 'planted',
        ANTHROPIC_API_KEY: 'planted',
        EMBEDDINGS_URL: 'http://e',
        EMBEDDINGS_MODEL: 'm',
        EMBEDDINGS_API_KEY: 'planted',
        HTTP_TOKEN: 'planted',
      },
      noFiles,
    );
    expect(JSON.stringify(config)).not.toContain('planted');
    expect(inspect(config, { depth: null, showHidden: true })).not.toContain('planted');
  });
});
