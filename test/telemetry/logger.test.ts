import { describe, expect, it } from 'vitest';
import { events } from '../../src/telemetry/events.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { captureLog } from './captured-log.ts';

const enriched = { windowId: 'w1', revision: 1, stages: 3, failed: 0, findings: 2, tookMs: 12 };

it('writes one JSON line an event, with its level, time and fields', () => {
  const { log, lines, last } = captureLog();
  log.info('window.enriched', enriched);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/\n$/);
  expect(last()).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    event: 'window.enriched',
    ...enriched,
  });
});

it('writes nothing below its level', () => {
  const { log, lines } = captureLog('warn');
  log.info('window.enriched', enriched);
  log.failure('batch.failed', new Error('x'), { topic: 't', partition: 0, records: 1 }, 'info');
  expect(lines).toEqual([]);
  log.warn('topic.refused', { topic: 't', reason: 'compacted' });
  expect(lines).toHaveLength(1);
});

it('writes offsets whole, beyond what a number holds', () => {
  const { log, last } = captureLog();
  log.info('partition.assigned', { topic: 't', partition: 3, offset: 9_007_199_254_740_993n });
  expect(last()).toMatchObject({ offset: '9007199254740993' });
});

it('names its events `noun.verb`', () => {
  expect(Object.keys(events).filter((name) => !/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/.test(name))).toEqual(
    [],
  );
});

it('has no field whose name a line itself uses', () => {
  const fields = new Set(Object.values(events).flatMap((spec) => Object.keys(spec)));
  expect(['level', 'time', 'event', 'error'].filter((name) => fields.has(name))).toEqual([]);
});

describe('by type', () => {
  const { log, last } = captureLog();
  const text: string = ['a', 'message'].join(' ');

  it('takes no event and no field outside the list, and no code of any text', () => {
    const invent = (): void => {
      // @ts-expect-error -- not in the list
      log.info('window.invented', {});
    };
    expect(invent).not.toThrow();
    // @ts-expect-error -- a field that the event does not have
    log.info('window.enriched', { ...enriched, content: text });
    expect(last()).toMatchObject({ content: '[unknown field]' });
    // @ts-expect-error -- a code of any text
    log.info('window.closed', { windowId: 'w', reason: text, messages: 1 });
    expect(last()).toMatchObject({ reason: '[withheld]' });
    // @ts-expect-error -- a field is missing
    log.info('window.closed', { windowId: 'w', messages: 1 });
    // @ts-expect-error -- an object is no field
    log.info('window.closed', { windowId: 'w', reason: 'gap', messages: { text } });
    expect(last()).toMatchObject({ messages: '[withheld]' });
  });

  it('takes literal codes and leaves optional fields out', () => {
    const reason = text.length > 0 ? 'gap' : 'end';
    log.info('window.closed', { windowId: 'w', reason, messages: 1 });
    expect(last()).toMatchObject({ reason: 'gap' });
    log.warn('database.failed', { retryInMs: undefined });
    expect(last()).not.toHaveProperty('retryInMs');
  });
});

it('writes a hash in place of an id that has spaces, control characters or great length', () => {
  const { log, lines, last } = captureLog();
  for (const windowId of ['planted words', 'planted\u001b[31m', 'planted'.repeat(30)]) {
    log.info('window.superseded', { windowId });
    expect(last()['windowId']).toMatch(/^sha256:[0-9a-f]{16}$/);
  }
  expect(lines.join('')).not.toContain('planted');
});

it('has a logger that says nothing', () => {
  expect(() => {
    silentLogger.failure('process.failed', new Error('x'), {});
  }).not.toThrow();
});
