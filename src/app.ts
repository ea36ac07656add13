import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresAnswerStore } from './adapters/postgres/answer-store.ts';
import { createPostgresCallLedger, resumeOverBudget } from './adapters/postgres/call-ledger.ts';
import { translating } from './adapters/postgres/database-errors.ts';
import { createPostgresClosingStore } from './adapters/postgres/closing-store.ts';
import { createPostgresExtractionStore } from './adapters/postgres/extraction-store.ts';
import { createPostgresMessageStore } from './adapters/postgres/message-store.ts';
import { removeOldAnswers, removeOldCalls } from './adapters/postgres/old-rows.ts';
import { createPostgresOutbox } from './adapters/postgres/outbox-store.ts';
import { readGauges } from './adapters/postgres/read-gauges.ts';
import { settingsInForce } from './adapters/postgres/run-settings.ts';
import { inTransaction } from './adapters/postgres/transaction.ts';
import { createPostgresVectorOutbox } from './adapters/postgres/vector-outbox.ts';
import { requireBuiltInPrompts, strategiesForBot } from './bot-strategies.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import { settingDifferences, toRunConfiguration } from './config/run-configuration.ts';
import { settingsForBot } from './config/settings-for-bot.ts';
import { decodeRecord } from './consume/decode-record.ts';
import { decodeWith } from './consume/decode-with.ts';
import type { BotExtraction, ModelCosts } from './extract/extract-window.ts';
import type { Stage } from './extract/stage.ts';
import { builtInStages } from './extract/stages/built-in-stages.ts';
import { chooseLog, type MessageLog } from './log.ts';
import { openModelAccess, systemTiming } from './model-access.ts';
import { toNanoUsd } from './model/model-cost.ts';
import { priceOf } from './model/model-prices.ts';
import { noModules, type LoadedModules } from './modules/loaded-modules.ts';
import { indexVectorsOnce } from './publish/index-vectors.ts';
import type { OpenDatabase } from './resources.ts';
import { createConsumeRole } from './roles/consume-role.ts';
import { createExtractRole, type ExtractRole } from './roles/extract-role.ts';
import { createPublishRole, type OldRows, type PublishRole } from './roles/publish-role.ts';
import type { Role, RoleName } from './roles/role.ts';
import { stopInTurn } from './roles/stop-in-turn.ts';
import type { LoopContext } from './roles/watched-loop.ts';
import { Heartbeats } from './serve/heartbeats.ts';
import { Readiness } from './serve/readiness-checks.ts';
import type { OperationsServer, OperationsServerOptions } from './serve/operations-server.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { openVectors, type Vectors } from './vectors.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly database: OpenDatabase;
  readonly logger: Logger;
  readonly roles: readonly RoleName[];
  /** What the configured modules add; nothing by default. */
  readonly modules?: LoadedModules;
}

export interface Worker {
  start(): Promise<{ readonly http: { readonly host: string; readonly port: number } | undefined }>;
  /**
   * Stops in the reverse order of the line, all within the deadline: what is in hand is
   * finished, and what hangs is left behind. Never rejects. Idempotent.
   */
  stop(deadlineMs: number): Promise<void>;
  /** Resolves with the cause when reading died for good: the process has to end. */
  readonly died: Promise<Error>;
}

/** Brokers drop the connection of who sends a request above 100 MiB (`socket.request.max.bytes`). */
const maxRecordBytes = 96 * 1_024 * 1_024;

/**
 * Composes the rooms with their adapters, in the order of the line: this and `log.ts` are
 * the only places that know both. The database must be migrated.
 */
export async function createWorker({
  config,
  database,
  logger,
  roles,
  modules = noModules,
}: WorkerOptions): Promise<Worker> {
  await agreeOnSettings(config, database, logger);
  const metrics = createMetrics({ withProcess: true });
  const heartbeats = new Heartbeats();
  const readiness = new Readiness();
  const context: LoopContext = { clock: systemClock, logger, metrics, heartbeats };
  const owner = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const log = chooseLog(config, database, logger);
  const source = roles.includes('consume') ? log.createSource(config.kafka.messagesTopic) : undefined;

  // Loops of one process wake each other; between processes they poll. Built from the
  // end of the line, so that each knows whom to wake.
  let extract: ExtractRole | undefined;
  let publish: PublishRole | undefined;
  const running: Role[] = [];
  if (roles.includes('publish')) {
    publish = createPublishRole({
      ...context,
      outbox: createPostgresOutbox(database.pool),
      sinks: { results: log.createSink(), 'dead-letter': log.createSink() },
      topics: { results: config.kafka.resultsTopic, 'dead-letter': config.kafka.deadLetterTopic },
      owner,
      maxRecordBytes,
      pause: pauseFor,
      indexVectors: vectorIndexer(config, database, owner, metrics),
      oldRows: oldRows(config, database, log),
    });
    running.push(publish);
  }
  if (roles.includes('extract')) {
    extract = createExtractRole({
      ...context,
      store: createPostgresExtractionStore(database.pool, config.memory.lifetimesMs),
      owner,
      concurrency: config.extract.concurrency,
      forBot: botExtractions(config, [...builtInStages, ...modules.stages]),
      transcriptTokens: config.extract.transcriptTokens,
      fallbackAfterMs: config.extract.fallbackAfterMs,
      model: await openModelAccess(config),
      answersFor: (claim, members) => createPostgresAnswerStore(database.pool, claim, members),
      costs: modelCosts(config, database),
      timing: systemTiming,
      pause: pauseFor,
      onSettled: () => publish?.wake(),
    });
    running.push(extract);
  }
  if (source !== undefined) {
    running.push(
      createConsumeRole({
        ...context,
        source,
        messagesTopic: config.kafka.messagesTopic,
        reading: log.reading,
        store: createPostgresMessageStore(database.pool, config.memory.lifetimesMs),
        closing: createPostgresClosingStore(database.pool),
        decode: modules.decode === undefined ? decodeRecord : decodeWith(modules.decode),
        owner,
        graceMs: config.session.graceMs,
        pause: pauseFor,
        onClosed: () => {
          extract?.wake();
          publish?.wake();
        },
      }),
    );
  }
  collectGauges(metrics, database, readiness);
  readiness.register({ name: 'database', check: () => checkDatabase(database) });
  for (const check of running.flatMap((role) => role.checks)) readiness.register(check);
  const server = roles.includes('serve')
    ? await operationsServer(config, { readiness, heartbeats, metrics, log: logger, clock: systemClock })
    : undefined;
  let stopped: Promise<void> | undefined;
  const stopAll = async (deadlineMs: number): Promise<void> => {
    readiness.stop();
    // Against the line: first nothing new is read, then what is closed is extracted, then sent.
    const parts = [...running].reverse();
    const last = server === undefined ? [] : [{ name: 'serve', stop: () => server.stop() }];
    const nowMs = (): number => systemClock.nowMs();
    await stopInTurn([...parts, ...last], { deadlineMs, nowMs, pause: pauseFor, logger });
  };
  return {
    died: source?.died ?? new Promise(() => undefined),
    start: async () => {
      const http = await server?.start();
      for (const role of running) await role.start();
      return { http };
    },
    stop: (deadlineMs) => (stopped ??= stopAll(deadlineMs)),
  };
}

async function operationsServer(
  config: Config,
  parts: Pick<OperationsServerOptions, 'readiness' | 'heartbeats' | 'metrics' | 'log' | 'clock'>,
): Promise<OperationsServer> {
  const { createOperationsServer } = await import('./serve/operations-server.ts');
  const { host, port, token } = config.http;
  return createOperationsServer({ host, port, token, ...parts });
}

/** What decides windows is the database's: the first process stores its own, the others say what differs. */
async function agreeOnSettings(config: Config, { pool }: OpenDatabase, logger: Logger): Promise<void> {
  const configured = toRunConfiguration(config);
  const standing = await translating(() =>
    inTransaction(pool, (client) => settingsInForce(client, configured)),
  );
  for (const { kind, setting, botId, configured: own, stored } of settingDifferences(standing, configured)) {
    const words = { configured: toWord(own), stored: toWord(stored) };
    logger.warn('settings.differed', { kind, setting, botId, ...words });
  }
}

/** A word of the log has neither commas nor spaces. */
function toWord(value: string): string {
  return value.replaceAll(',', '/').replaceAll(' ', '-');
}

const vectorLeaseMs = 120_000;
const vectorBatch = 100;

/**
 * One pass of the vector indexer. The index is opened by the first pass: a service that
 * is away at the start delays search and nothing else.
 */
function vectorIndexer(
  config: Config,
  database: OpenDatabase,
  owner: string,
  metrics: Metrics,
): (signal: AbortSignal) => Promise<boolean> {
  const outbox = createPostgresVectorOutbox(database.pool);
  let opened: Vectors | undefined;
  return async (signal) => {
    opened ??= await openVectors(config, database, signal);
    const options = { ...opened, outbox, owner, leaseMs: vectorLeaseMs, batchSize: vectorBatch, signal };
    const pass = await indexVectorsOnce(options);
    if (!pass.active) return false;
    metrics.vectorsIndexed.add(pass.indexed.summary, { kind: 'summary' });
    metrics.vectorsIndexed.add(pass.indexed.fact, { kind: 'fact' });
    metrics.summariesLinked.add(pass.linked);
    return pass.full;
  };
}

/** What goes by its age, as configured; see `retention` in the config file. */
function oldRows({ retention }: Config, { pool }: OpenDatabase, log: MessageLog): OldRows[] {
  const kinds = [
    { keptMs: retention.keptAnswersMs, remove: removeOldAnswers.bind(undefined, pool) },
    { keptMs: retention.modelCallsMs, remove: removeOldCalls.bind(undefined, pool) },
    { keptMs: retention.embeddedLogMs, remove: log.removeOld },
  ];
  return kinds.flatMap(({ keptMs, remove }) =>
    keptMs === null || remove === undefined
      ? []
      : [{ remove: (limit: number) => translating(() => remove(keptMs, limit)) }],
  );
}

const taskStatuses = ['pending', 'running', 'done', 'skipped', 'retrying', 'deferred', 'failed'] as const;

function collectGauges(metrics: Metrics, { pool }: OpenDatabase, readiness: Readiness): void {
  metrics.addCollector('readiness', async () => {
    for (const { name, ok } of (await readiness.report()).checks)
      metrics.ready.set(ok ? 1 : 0, { check: name });
  });
  metrics.addCollector('store', async () => {
    const gauges = await readGauges(pool);
    metrics.windowsOpen.set(gauges.windowsOpen);
    metrics.windowsUnsettled.set(gauges.windowsUnsettled);
    metrics.oldestDueSeconds.set(gauges.oldestDueSeconds);
    for (const status of taskStatuses) metrics.tasks.set(gauges.extractions[status] ?? 0, { status });
    metrics.outboxRows.set(gauges.outboxRows);
    metrics.outboxAgeSeconds.set(gauges.outboxAgeSeconds);
    metrics.vectorBacklog.set(gauges.vectorBacklog);
  });
  metrics.addCollector('pool', () => {
    metrics.databaseConnections.set(pool.totalCount - pool.idleCount, { pool: 'main', state: 'busy' });
    metrics.databaseConnections.set(pool.idleCount, { pool: 'main', state: 'idle' });
    metrics.databaseWaiting.set(pool.waitingCount, { pool: 'main' });
    return Promise.resolve();
  });
}

/** Does not keep the process alive by itself. */
function pauseFor(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}

/** What holds for each bot, worked out once a bot. */
function botExtractions(config: Config, all: readonly Stage[]): (botId: string) => BotExtraction {
  requireBuiltInPrompts();
  const known = new Map<string, BotExtraction>();
  return (botId) => {
    const extraction = known.get(botId) ?? botExtraction(config, all, botId);
    known.set(botId, extraction);
    return extraction;
  };
}

function botExtraction(config: Config, all: readonly Stage[], botId: string): BotExtraction {
  const settings = settingsForBot(config, botId);
  const stages = all.flatMap((stage) => {
    const { enabled, minMessages } = settings.stage(stage.name);
    return enabled ? [{ ...stage, minMessages: minMessages ?? stage.minMessages }] : [];
  });
  return {
    stages,
    model: settings.model,
    ignoresUser: (userId) => settings.ignores(userId),
    strategies: strategiesForBot(config, botId, stages),
  };
}

/** What calls cost by this configuration, and its budgets; both are the same for all processes that share the work. */
function modelCosts(config: Config, { pool }: OpenDatabase): ModelCosts {
  const all = config.extract.budgetUsdPerDay === null ? null : toNanoUsd(config.extract.budgetUsdPerDay);
  const ofBots = new Map(
    Object.keys(config.bots).flatMap((botId) => {
      const { budgetUsdPerDay } = settingsForBot(config, botId);
      return budgetUsdPerDay === null ? [] : [[botId, toNanoUsd(budgetUsdPerDay)] as const];
    }),
  );
  return {
    priceOf: (model) => priceOf(model, config.extract.prices),
    ledgerFor: (claim) =>
      createPostgresCallLedger(pool, claim, { all, bot: ofBots.get(claim.botId) ?? null }),
    resumeDeferred: () => resumeOverBudget(pool, all, ofBots),
  };
}

async function checkDatabase({
  pool,
}: OpenDatabase): Promise<{ ok: true } | { ok: false; reason: string; hint: string }> {
  try {
    await pool.query('select 1');
    return { ok: true };
  } catch {
    return {
      ok: false,
      reason: 'DATABASE_UNAVAILABLE',
      hint: 'check that Postgres at DATABASE_URL is running',
    };
  }
}
