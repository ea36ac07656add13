import type { ResultEvent, ResultEventData } from '../model/result-event.ts';

/**
 * The event's data cut to ids, from the largest form to the smallest; none for events
 * that hold nothing but ids and counts. Lazy: most events are sent as they are.
 */
export function* smallerForms(event: ResultEvent): Generator<ResultEventData> {
  switch (event.type) {
    case 'afterword.stage.completed.v1':
      yield withoutResult(event.data);
      return;
    case 'afterword.window.enriched.v1':
      yield withoutStageResults(event.data);
      return;
    case 'afterword.memory.changed.v1':
      yield* withFewerChanges(event.data);
      return;
    case 'afterword.window.closed.v1':
    case 'afterword.window.superseded.v1':
    case 'afterword.user.erased.v1':
      return;
  }
}

type StageCompleted = ResultEventData<'afterword.stage.completed.v1'>;
type WindowEnriched = ResultEventData<'afterword.window.enriched.v1'>;
type StageOutcomeEntry = Exclude<WindowEnriched, { truncated: true }>['stages'][string];
type OutcomeWithoutResult = Extract<WindowEnriched, { truncated: true }>['stages'][string];
type MemoryChanged = ResultEventData<'afterword.memory.changed.v1'>;

function withoutResult(data: StageCompleted): StageCompleted {
  if ('truncated' in data) return data;
  return { ...omitResult(data), truncated: true };
}

function withoutStageResults(data: WindowEnriched): WindowEnriched {
  if ('truncated' in data) return data;
  const stages = Object.entries<StageOutcomeEntry | undefined>(data.stages).flatMap(([name, outcome]) =>
    outcome === undefined ? [] : [[name, outcomeWithoutResult(outcome)] as const],
  );
  return { ...data, stages: Object.fromEntries(stages), truncated: true };
}

function outcomeWithoutResult(outcome: StageOutcomeEntry): OutcomeWithoutResult {
  return outcome.status === 'done' ? omitResult(outcome) : outcome;
}

function omitResult<Holder extends { result: unknown }>(holder: Holder): Omit<Holder, 'result'> {
  const rest: Omit<Holder, 'result'> & { result?: unknown } = { ...holder };
  delete rest.result;
  return rest;
}

function* withFewerChanges(data: MemoryChanged): Generator<MemoryChanged> {
  const ids = data.changes.map(({ kind, change, id }) => ({ kind, change, id }));
  const changeCount = 'truncated' in data ? data.change_count : ids.length;
  // Halving ends at none, so that an event of any size has a form that fits.
  for (let kept = ids.length; ; kept = Math.floor(kept / 2)) {
    yield { ...data, changes: ids.slice(0, kept), change_count: changeCount, truncated: true };
    if (kept === 0) return;
  }
}
