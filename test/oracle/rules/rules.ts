import type { Rule } from '../seen.ts';
import { atRest } from './at-rest.ts';
import { changesStored, endsStored } from './changes-stored.ts';
import { deadLetters, deadLetterTopic } from './dead-letters.ts';
import { deletedTextGone } from './deleted-text-gone.ts';
import { evidenceHeld } from './evidence-held.ts';
import { ignoredCounted } from './ignored-counted.ts';
import { logsSilent } from './logs-silent.ts';
import { messageTexts } from './message-texts.ts';
import { messagesStored } from './messages-stored.ts';
import { modelCalledOnce } from './model-called-once.ts';
import { offsetsReached } from './offsets-reached.ts';
import { resultEventsExplained } from './result-events-explained.ts';
import { resultEventsSent, sequencesRise } from './result-events-sent.ts';
import { stagesEnded } from './stages-ended.ts';
import { subscriberState } from './subscriber-state.ts';
import { windowsCut } from './windows-cut.ts';

/** All that the oracle holds a line to, by the name that a violation gives. */
export const rules = {
  messages: messagesStored,
  'message-texts': messageTexts,
  changes: changesStored,
  'session-ends': endsStored,
  'dead-letters': deadLetters,
  'dead-letter-topic': deadLetterTopic,
  ignored: ignoredCounted,
  windows: windowsCut,
  stages: stagesEnded,
  'at-rest': atRest,
  sequences: sequencesRise,
  'result-events': resultEventsSent,
  'result-events-explained': resultEventsExplained,
  subscriber: subscriberState,
  evidence: evidenceHeld,
  'deleted-text': deletedTextGone,
  offsets: offsetsReached,
  'model-calls': modelCalledOnce,
  logs: logsSilent,
} as const satisfies Readonly<Record<string, Rule>>;
