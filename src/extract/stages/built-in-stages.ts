import type { Stage } from '../stage.ts';
import { factsStage } from './facts.ts';
import { preferencesStage } from './preferences.ts';
import { summaryStage } from './summary.ts';

/** In the order of the prompt. */
export const builtInStages: readonly Stage[] = [summaryStage, factsStage, preferencesStage];
