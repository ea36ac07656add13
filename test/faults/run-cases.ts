import type { FaultCase } from './cases/fault-case.ts';
import { missingResultsTopic } from './cases/broker-faults.ts';
import { FaultLine } from './harness/fault-line.ts';
import { judgeFreshRun } from './harness/judge-fresh-run.ts';
import { judgeLine, watchLine, type Judgement } from './harness/judge-line.ts';
import type { FaultServices } from './harness/services.ts';

export interface CaseOutcome extends Judgement {
  readonly name: string;
  readonly tookMs: number;
}

/** Told, when a fault has broken something, what each process of the line has written. */
type Keep = (fault: FaultCase, outputs: ReadonlyMap<string, string>) => Promise<void>;

/** Faults one after the other on one line. */
export class CaseRunner {
  readonly #services: FaultServices;
  readonly #seed: number;
  readonly #keep: Keep;
  #line: FaultLine | undefined;

  constructor(services: FaultServices, seed: number, keep: Keep = () => Promise.resolve()) {
    this.#services = services;
    this.#seed = seed;
    this.#keep = keep;
  }

  /** Runs the fault and then asks the oracle about everything that the line has ever done. */
  async run(fault: FaultCase): Promise<CaseOutcome> {
    const startedMs = Date.now();
    const line = (this.#line ??= await FaultLine.start(this.#services, { seed: this.#seed }));
    if (fault !== missingResultsTopic) await line.makeResultsTopic();
    const watch = watchLine(line);
    const failure = await fault.run(line).then(
      () => [],
      (error: unknown) => [{ rule: 'the fault is reached', detail: messageOf(error) }],
    );
    line.calm();
    const { violations, counts } = await judgeLine(line);
    const watched = await watch.stop();
    const found = [...failure, ...watched.violations, ...violations];
    // What one fault has broken must not be blamed on the next.
    if (found.length > 0) {
      await this.#keep(fault, new Map(line.all.map((member) => [member.name, member.outputs().join('\n')])));
      await this.close();
    }
    return { name: fault.name, tookMs: Date.now() - startedMs, violations: found, counts };
  }

  /** After all faults: a line that none of them has met comes to the same. */
  async runFresh(): Promise<CaseOutcome | undefined> {
    const line = this.#line;
    if (line === undefined) return undefined;
    const startedMs = Date.now();
    const violations = await judgeFreshRun(line);
    return { name: 'a fresh run over the same log', tookMs: Date.now() - startedMs, violations, counts: {} };
  }

  /** Of the line that stands now. */
  figures(): { readonly published?: number; readonly kills?: number } {
    const line = this.#line;
    if (line === undefined) return {};
    return { published: line.published, kills: line.all.reduce((sum, member) => sum + member.kills, 0) };
  }

  async close(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    await line?.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
