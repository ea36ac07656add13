import { z } from 'zod';
import type { Stage } from './stage.ts';

const known: { readonly stages: readonly Stage[]; readonly schema: z.ZodType }[] = [];
const maxKnown = 32;

/**
 * One structured output for several stages: an object with a field for each. The
 * same stages get the same object, so that an adapter can keep what it derives from it.
 */
export function answerSchema(stages: readonly Stage[]): z.ZodType {
  const found = known.find(
    (entry) =>
      entry.stages.length === stages.length && entry.stages.every((stage, index) => stage === stages[index]),
  );
  if (found !== undefined) return found.schema;
  const schema = z.strictObject(Object.fromEntries(stages.map((stage) => [stage.name, stage.draftSchema])));
  if (known.length >= maxKnown) known.shift();
  known.push({ stages: [...stages], schema });
  return schema;
}
