import { hasText } from './evidence.ts';
import type { Stage, StageOutcome } from './stage.ts';
import type { Transcript } from './transcript.ts';

type Skipped = Extract<StageOutcome, { status: 'skipped' }>;

/** Why a stage is not run on this window, or undefined: it is. */
export function skipReason(stage: Stage, transcript: Transcript): string | undefined {
  const said = transcript.lines.filter(hasText);
  // Nobody to learn about: evidence needs at least one line by the user.
  if (!said.some(({ message }) => message.role === 'user')) return 'no-user-text';
  const messages = said.filter(
    ({ message }) => message.role === 'user' || message.role === 'assistant',
  ).length;
  return messages < stage.minMessages ? 'too-few-messages' : undefined;
}

export function toSkipped(stage: Stage, reason: string): Skipped {
  return { status: 'skipped', stage: stage.name, stageVersion: stage.version, reason };
}
