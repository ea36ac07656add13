import { isAfterwordError } from '../errors.ts';
import { describeFailure, failureCode } from '../telemetry/failure.ts';
import type { ExitCode, Output } from './command-context.ts';

/**
 * Why a command ended: one line what happened, one what to do. Of an error that is not
 * ours only class, code and frames, for its message may quote a conversation.
 */
export function reportFailure(error: Error, output: Pick<Output, 'note'>): ExitCode {
  if (isAfterwordError(error)) {
    output.note(`afterword: ${error.message}`);
    if (error.hint !== undefined) output.note(`  ${error.hint}`);
    return error.code === 'CONFIG_INVALID' || error.code === 'INPUT_INVALID' ? 2 : 1;
  }
  output.note(`afterword: failed (${failureCode(error)})`);
  for (const frame of describeFailure(error).stack ?? []) output.note(`    at ${frame}`);
  return 1;
}
