import type { PriceTable } from '../model/model-prices.ts';
import type { Relation } from '../model/results.ts';
import type { Secret } from './secret.ts';
import type { StrategySettings } from './strategies.ts';
import type { VariableName } from './variables.ts';
import type { modelOutputs } from './variables/model.ts';
import type { logLevels } from './variables/process.ts';
import type { memoryScopes, sessionKeys } from './variables/sessions.ts';
import type { saslMechanisms } from './variables/kafka.ts';

/** Everything that was configured, parsed, checked and deeply frozen. */
export interface Config {
  readonly kafka: {
    /** null: the embedded log. */
    readonly connection: KafkaConnection | null;
    readonly clientId: string;
    readonly groupId: string;
    readonly messagesTopic: string;
    readonly resultsTopic: string;
    readonly deadLetterTopic: string;
  };
  /** null: the embedded Postgres. */
  readonly databaseUrl: Secret | null;
  /** Folder of the embedded log and Postgres, as written. */
  readonly dataDir: string;
  /** null: vectors in Postgres. */
  readonly qdrant: { readonly url: string; readonly apiKey: Secret | null } | null;
  /** null: the offline analyser. */
  readonly anthropic: { readonly apiKey: Secret; readonly baseUrl: string | null } | null;
  /** null: lexical vectors. */
  readonly embeddings: EmbeddingsConnection | null;
  readonly session: SessionSettings;
  readonly extract: {
    readonly model: string;
    readonly output: ModelOutput;
    /** Most of a transcript that is asked about at once, as estimated. */
    readonly transcriptTokens: number;
    readonly concurrency: number;
    /** Milliseconds; null: never. */
    readonly fallbackAfterMs: number | null;
    /** null: no limit. */
    readonly budgetUsdPerDay: number | null;
    /** By model; over the built-in ones. */
    readonly prices: PriceTable;
    readonly stages: StagesSettings;
    /** By name, at least one with a weight. */
    readonly strategies: readonly StrategySettings[];
    /** Globs; see `matchesAnyGlob`. */
    readonly ignoreUsers: readonly string[];
  };
  readonly memory: {
    readonly scope: MemoryScope;
    /** Milliseconds by relation, over the built-in ones; null: never stale. */
    readonly lifetimesMs: Readonly<Partial<Record<Relation, number | null>>>;
    /** Types of channels that other bots never learn from. */
    readonly privateChannelTypes: readonly string[];
    /** Cosine similarity; null: the embedder's own. */
    readonly nearDuplicateScore: number | null;
  };
  /** Milliseconds; null: kept for ever. */
  readonly retention: {
    readonly keptAnswersMs: number | null;
    readonly modelCallsMs: number | null;
    readonly embeddedLogMs: number | null;
  };
  /** Age past which the text of messages is blanked; null: kept. */
  readonly transcriptRetentionMs: number | null;
  readonly http: { readonly host: string; readonly port: number; readonly token: Secret | null };
  readonly logLevel: LogLevel;
  /** Modules with stages and a decoder of a user's own, in their order. */
  readonly modules: readonly ConfiguredModule[];
  /** The stages that those add; empty until they are loaded (`loadModules`). */
  readonly ownStages: readonly OwnStage[];
  /** By bot id: what differs; ask `settingsForBot`. */
  readonly bots: Readonly<Record<string, BotOverrides>>;
  /** Where each variable's value came from. */
  readonly sources: Readonly<Record<VariableName, SettingSource>>;
  /** One line for each setting, in the order of the reference page, secrets masked. */
  readonly shown: Readonly<Partial<Record<VariableName, string>>>;
  /** What is probably a mistake but is not refused; for people, never with a value in it. */
  readonly warnings: readonly string[];
}

export interface ConfiguredModule {
  /** As written: a path relative to `file`, or a package. */
  readonly name: string;
  /** The file that names it. */
  readonly file: string;
}

export interface OwnStage {
  readonly name: string;
  readonly version: string;
}

type SettingSource = 'environment' | 'file' | 'default' | 'unset';
export type ModelOutput = (typeof modelOutputs)[number];
export type LogLevel = (typeof logLevels)[number];
export type SessionKey = (typeof sessionKeys)[number];
export type MemoryScope = (typeof memoryScopes)[number];
type SaslMechanism = (typeof saslMechanisms)[number];

export interface KafkaConnection {
  readonly brokers: readonly string[];
  /** null: not encrypted. */
  readonly ssl: KafkaSsl | null;
  /** null: no login. */
  readonly sasl: {
    readonly mechanism: SaslMechanism;
    readonly username: string;
    readonly password: Secret;
  } | null;
}

/** PEM texts, read from their files. */
export interface KafkaSsl {
  readonly ca: string | null;
  readonly client: { readonly cert: string; readonly key: Secret } | null;
  readonly rejectUnauthorized: boolean;
}

interface EmbeddingsConnection {
  readonly url: string;
  readonly model: string;
  readonly apiKey: Secret | null;
}

export interface SessionSettings {
  readonly gapMs: number;
  readonly graceMs: number;
  readonly maxMessages: number;
  readonly maxDurationMs: number;
  readonly key: SessionKey;
}

export interface StageSettings {
  readonly enabled: boolean;
  /** null: the stage's own number. */
  readonly minMessages: number | null;
}

/** By stage name; a stage that is not named is enabled with its own number. */
type StagesSettings = Readonly<Record<string, StageSettings>>;

export interface BotOverrides {
  readonly gapMs?: number;
  readonly model?: string;
  /** Within the budget for all. */
  readonly budgetUsdPerDay?: number;
  readonly stages: Readonly<Record<string, Partial<StageSettings>>>;
  /** In place of those for all. */
  readonly strategies?: readonly StrategySettings[];
  readonly ignoreUsers: readonly string[];
}
