/** One call for all stages, or one for each with the transcript as a shared prefix. */
export const callShapes = ['together', 'separate'] as const;
export type CallShape = (typeof callShapes)[number];

/** How hard the model is asked to think. */
export const efforts = ['low', 'medium', 'high'] as const;
export type Effort = (typeof efforts)[number];

/** The one strategy where none is configured. */
export const defaultStrategyName = 'default';
