import { z } from 'zod';
import type { Stage } from './stage.ts';

/** Makes one draft of those that the parts of a long window gave, in their order. */
type MergeDrafts = (drafts: readonly unknown[]) => unknown;

/**
 * How a stage's drafts become one: as it says itself, else by putting its lists together where
 * it answers nothing but lists. Undefined: they cannot.
 */
export function mergerOf(stage: Stage): MergeDrafts | undefined {
  if (stage.merge !== undefined) return (drafts) => stage.merge?.(drafts);
  return answersLists(stage.draftSchema) ? joinLists : undefined;
}

/** Every list of the answers in one, in their order, what is alike once. */
export function joinLists(drafts: readonly unknown[]): unknown {
  if (drafts.every((draft) => Array.isArray(draft))) return distinct(drafts.flat());
  const objects = drafts.filter(isObject);
  const fields = new Set(objects.flatMap((draft) => Object.keys(draft)));
  return Object.fromEntries(
    [...fields].map((field) => {
      const values = objects.map((draft) => draft[field]).filter((value) => value !== undefined);
      return [field, joinLists(values)];
    }),
  );
}

function distinct(items: readonly unknown[]): unknown[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** Objects of objects of lists; a list with a bound has no room for those of all parts. */
function answersLists(schema: z.ZodType): boolean {
  try {
    return isLists(z.toJSONSchema(schema));
  } catch {
    return false;
  }
}

function isLists(node: unknown): boolean {
  if (!isObject(node)) return false;
  if (node['type'] === 'array') return node['maxItems'] === undefined;
  const { type, properties } = node;
  if (type !== 'object' || !isObject(properties)) return false;
  const fields = Object.values(properties);
  return fields.length > 0 && fields.every(isLists);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
