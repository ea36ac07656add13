import { z } from 'zod';
import { startAfterword, type AfterwordProcess } from './afterword-process.ts';
import { until } from './until.ts';

/** A running `afterword run`, with what it says over HTTP and in its log. */
export interface WorkerProcess extends AfterwordProcess {
  /** Waits until the server listens. */
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** The readiness report; undefined while nobody answers. */
  readiness(): Promise<Readiness | undefined>;
  /** The lines of its log with this event, oldest first. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[];
}

export interface Readiness {
  readonly status: number;
  /** By name, the reasons of the checks that do not hold. */
  readonly failing: ReadonlyMap<string, string>;
}

const reportSchema = z.object({
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().optional() })),
});

interface WorkerPlace {
  readonly options?: readonly string[];
  readonly folder?: string;
  /** From its source by default. */
  readonly program?: readonly string[] | undefined;
}

/** Starts `afterword run` with these roles. The HTTP server, where asked for, takes a free port. */
export function startWorker(
  roles: string,
  environment: Readonly<Record<string, string>>,
  { options = [], folder, program }: WorkerPlace = {},
): WorkerProcess {
  const worker = startAfterword(
    ['run', '--roles', roles, ...options],
    { HTTP_PORT: '0', ...environment },
    undefined,
    folder,
    program,
  );
  const get = async (path: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(`${await addressOf(worker)}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return {
    ...worker,
    get,
    readiness: async () => {
      const { status, body } = await get('/readyz');
      const { checks } = reportSchema.parse(JSON.parse(body));
      const failed = checks.filter(({ ok }) => !ok);
      return { status, failing: new Map(failed.map(({ name, reason = '' }) => [name, reason])) };
    },
    logged: (event) => logLines(worker.output()).filter((line) => line['event'] === event),
  };
}

async function addressOf(worker: AfterwordProcess): Promise<string> {
  const find = (): string | undefined => /health at (http:\/\/[^/\s]+)\/readyz/.exec(worker.output())?.[1];
  await until('the HTTP server', () => {
    if (worker.child.exitCode !== null) throw new Error(`the process has ended: ${worker.output()}`);
    return find() !== undefined;
  });
  return find() ?? '';
}

function logLines(output: string): Record<string, unknown>[] {
  // The last line may be half written.
  const whole = output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return whole.map((line) => JSON.parse(line) as Record<string, unknown>);
}
