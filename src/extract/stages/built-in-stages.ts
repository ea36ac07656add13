import { offlineFacts } from '../offline/facts.ts';
import { offlinePreferences } from '../offline/preferences.ts';
import { offlineSummary } from '../offline/summary.ts';
import type { Stage } from '../stage.ts';
import type { Transcript } from '../transcript.ts';
import { factsStage } from './facts.ts';
import { preferencesStage } from './preferences.ts';
import { summaryStage } from './summary.ts';

/** The built-in stages with their offline forms, in the order of the prompt. */
export const builtInStages: readonly Stage[] = [
  withOffline(summaryStage, offlineSummary),
  withOffline(factsStage, offlineFacts),
  withOffline(preferencesStage, offlinePreferences),
];

/** The one place where a stage meets its analyser without a model; neither knows the other. */
function withOffline<Draft, Result>(
  stage: Stage<Draft, Result>,
  offline: (transcript: Transcript) => Draft,
): Stage<Draft, Result> {
  return { ...stage, offline };
}
