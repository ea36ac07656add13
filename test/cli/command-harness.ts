import { requireSchema } from '../../src/adapters/postgres/migrate.ts';
import type { CommandContext } from '../../src/cli/command-context.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { chooseLog } from '../../src/log.ts';
import { noModules } from '../../src/modules/loaded-modules.ts';
import { openDatabase } from '../../src/resources.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';

export interface CommandHarness {
  readonly context: CommandContext;
  /** Lines of stdout. */
  readonly out: string[];
  /** Lines of stderr. */
  readonly notes: string[];
  /** All of both, as a person or a log would see it. */
  readonly text: () => string;
}

/** What a command is given by the entry point, made from this environment, with its lines kept. */
export function commandHarness(environment: Readonly<Record<string, string>>): CommandHarness {
  const config = loadConfig(environment, () => '');
  const out: string[] = [];
  const notes: string[] = [];
  const context: CommandContext = {
    config,
    modules: noModules,
    environment,
    version: '0.0.0-test',
    logger: silentLogger,
    loggerAt: () => silentLogger,
    signal: new AbortController().signal,
    output: {
      isTerminal: false,
      out: (line) => out.push(line),
      note: (line) => notes.push(line),
      progress: (line) => notes.push(line),
    },
    openDatabase: () => openDatabase(config, silentLogger),
    requireSchema: (database) => requireSchema(database.pool),
    openTopicAdmin: (database) => chooseLog(config, database, silentLogger).createAdmin(),
    openSink: (database) => chooseLog(config, database, silentLogger).createSink(),
  };
  return { context, out, notes, text: () => [...out, ...notes].join('\n') };
}
