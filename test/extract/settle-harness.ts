import type pg from 'pg';

import { createAnthropicModelClient } from '../../src/adapters/anthropic/model-client.ts';
import { createPostgresAnswerStore } from '../../src/adapters/postgres/answer-store.ts';
import { createPostgresExtractionStore } from '../../src/adapters/postgres/extraction-store.ts';
import { extractWindow, type ExtractDeps } from '../../src/extract/extract-window.ts';
import type { ClaimedWindow } from '../../src/extract/extraction-store.ts';
import type { ModelClient } from '../../src/extract/model-client.ts';
import { ModelGate } from '../../src/extract/model-gate/model-gate.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import type { Question } from '../support/anthropic-replies.ts';
import { testApiKey, type AnthropicServer } from '../support/anthropic-server.ts';
import { ManualTiming } from '../support/extraction.ts';
import {
  closeAll,
  dayMs,
  logOf,
  message,
  messagesTopic,
  minuteMs,
  storeRecords,
  type Said,
  type StoreHarness,
} from '../support/store-harness.ts';

/** A model that finds what people say they like, and nothing else. */
export function likesOf({ lines }: Question): unknown {
  const facts = lines.flatMap(({ number, role, text }) => {
    const entity = /^I like (\w+)/.exec(text)?.[1];
    if (role !== 'user' || entity === undefined) return [];
    return [
      {
        relation: 'likes',
        predicate: null,
        entity_name: entity,
        entity_type: 'food',
        attributes: [],
        polarity: 'positive',
        modality: 'stated',
        confidence: 0.9,
        valid_from: null,
        valid_to: null,
        evidence: [{ line: number, quote: text }],
      },
    ];
  });
  return { facts: { facts } };
}

/** What one process needs to extract: real parts; only time and the provider's machines stand in. */
export function extractDeps(
  pool: pg.Pool,
  server: AnthropicServer,
  owner: string,
  whileThinking: () => Promise<void> = () => Promise.resolve(),
): ExtractDeps {
  const timing = new ManualTiming();
  const real = createAnthropicModelClient({ apiKey: testApiKey, baseURL: server.baseURL, timeoutMs: 30_000 });
  const client: ModelClient = {
    verifyCredentials: (model, signal) => real.verifyCredentials(model, signal),
    ask: async (request, signal) => {
      const answer = await real.ask(request, signal);
      await whileThinking();
      return answer;
    },
  };
  return {
    store: createPostgresExtractionStore(pool),
    owner,
    forBot: () => ({ stages: [factsStage], model: 'any', ignoresUser: () => false }),
    model: { client, gate: new ModelGate({ maxConcurrency: 4, timing }) },
    answersFor: (claim, members) => createPostgresAnswerStore(pool, claim, members),
    timing,
    fallbackAfterMs: null,
    onStageFault: (_claim, _stage, error) => {
      throw error;
    },
  };
}

/** Stores values of the messages topic after those that are stored. */
export async function storeValues(harness: StoreHarness, ...values: unknown[]): Promise<void> {
  const position = await harness.store.storedPosition({ topic: messagesTopic, partition: 0 });
  await storeRecords(harness.store, logOf(values, { firstOffset: Number(position ?? 0n) }), 1_000);
}

/** Words by a user at a minute of the day. */
export function words(minutes: number, content: string, where: Partial<Said> = {}): unknown {
  return message({ id: `at ${minutes}`, atMs: dayMs + minutes * minuteMs, content, ...where });
}

/** A window with these words, closed. */
export async function closedWindow(harness: StoreHarness, minutes: number, content: string): Promise<void> {
  await storeValues(harness, words(minutes, content));
  await closeAll(harness.closing);
}

/** Claims the one window that waits, as soon as its time has come by the database's clock. */
export async function claimOne(deps: ExtractDeps, leaseMs = 60_000): Promise<ClaimedWindow> {
  const [claim, ...others] = await deps.store.claim(deps.owner, 10, leaseMs);
  if (claim === undefined || others.length > 0) throw new Error(`${others.length} further claims`);
  return claim;
}

/** Extracts whatever is due, one window after the other, until nothing is. */
export async function extractAll(deps: ExtractDeps): Promise<void> {
  for (;;) {
    const claims = await deps.store.claim(deps.owner, 1_000, 60_000);
    if (claims.length === 0) return;
    for (const claim of claims) await extractWindow(deps, claim, new AbortController().signal);
  }
}

/** Lets what waits for its grace be claimed now. */
export async function endGrace(harness: StoreHarness): Promise<void> {
  await harness.pool.query('update afterword.extractions set not_before = clock_timestamp()');
}

/** Of everybody, or of one user. */
export async function currentFacts(harness: StoreHarness, userId?: string): Promise<string[]> {
  const rows = await harness.rows<{ entity_name: string }>(
    `select entity_name from afterword.facts join afterword.user_keys using (key_id)
     where status = 'current' and ($1::text is null or user_id = $1) order by entity_name`,
    [userId ?? null],
  );
  return rows.map((row) => row.entity_name);
}

/** Types of the events of results, in the order in which they leave; fails when sequences do not rise. */
export async function eventTypes(harness: StoreHarness): Promise<string[]> {
  const rows = await harness.rows<{ event_type: string; sequence: string; event: { sequence: number } }>(
    `select event_type, sequence, event from afterword.outbox where destination = 'results' order by outbox_id`,
  );
  rows.reduce((last, row) => {
    const sequence = Number(row.sequence);
    if (sequence <= last || row.event.sequence !== sequence) throw new Error('sequences do not rise');
    return sequence;
  }, 0);
  return rows.map((row) => row.event_type.replace(/^afterword\.|\.v1$/g, ''));
}

export async function work(harness: StoreHarness): Promise<unknown[]> {
  return harness.rows(
    `select e.status, e.changed, e.revision, w.revision as window_revision
     from afterword.extractions e join afterword.windows w using (window_id) order by w.started_at_ms`,
  );
}
