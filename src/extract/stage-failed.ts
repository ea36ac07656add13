import { AfterwordError } from '../errors.ts';
import { failureCode } from '../telemetry/failure.ts';
import { stackFrames } from '../telemetry/stack-frames.ts';

/** The functions of a stage that a user writes. */
export type StagePart = 'schema' | 'check' | 'merge' | 'offline' | 'remember' | 'result';

/**
 * What a user's code threw, as an error that may be logged: which part it was, code and
 * frames. The message stays behind, for it can quote the conversation, also where the
 * thrown error is one of our own class.
 */
export function stageFailed(stage: string, part: StagePart, thrown: unknown): AfterwordError {
  return new AfterwordError('STAGE_FAILED', `the ${part} of a stage threw (${failureCode(thrown)})`, {
    cause: withoutText(thrown),
    details: { stage },
  });
}

/** `problem` is a fixed sentence. */
export function stageBroken(stage: string, part: StagePart, problem: string): AfterwordError {
  return new AfterwordError('STAGE_FAILED', `the ${part} of a stage ${problem}`, { details: { stage } });
}

function withoutText(thrown: unknown): Error {
  const bare = new Error('thrown by a stage');
  const frames = thrown instanceof Error ? stackFrames(thrown) : [];
  bare.stack = [`Error: ${bare.message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return bare;
}
