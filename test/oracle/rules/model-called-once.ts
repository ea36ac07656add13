import type { Rule } from '../seen.ts';

/**
 * A model is asked once for each revision of a window, and as often more as its caller allows for
 * kills and repairs. A window that others took over may have been asked about when it went.
 */
export const modelCalledOnce: Rule = ({ snapshot, input }) => {
  const asked = new Set(
    snapshot.stages
      .filter(({ usedModel }) => usedModel)
      .map(({ windowId, revision }) => `${windowId} ${revision}`),
  );
  const worked = new Set(snapshot.work.map(({ windowId }) => windowId));
  const superseded = snapshot.windows.filter(
    ({ status, windowId }) => status === 'superseded' && worked.has(windowId),
  );
  const allowed = asked.size + superseded.length + input.allowedExtraCalls;
  const calls = input.modelCalls.length;
  if (calls <= allowed) return [];
  const bodies = new Set(input.modelCalls.map(({ body }) => body));
  return [
    `${calls} calls, ${bodies.size} of them different, for ${asked.size} revisions, ` +
      `${superseded.length} superseded windows and ${input.allowedExtraCalls} allowed beyond`,
  ];
};
