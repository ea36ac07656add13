import { describe, expect, it } from 'vitest';
import {
  resultEventSchemas,
  resultEventTypes,
  type ResultEvent,
  type ResultEventData,
  type ResultEventType,
} from '../../src/model/result-event.ts';
import {
  encodeResultEvent,
  eventId,
  eventSubject,
  toCloudEventHeaders,
} from '../../src/publish/cloud-event.ts';
import { exampleData, exampleEvent, moved } from '../schemas/result-event-examples.ts';

const type = 'afterword.window.closed.v1';
const key = { botId: 'hazel', userId: 'nora.viklund' };

function headersOf(event: ResultEvent): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    toCloudEventHeaders(event).map(({ name, value }) => [name, value?.toString('utf8')]),
  );
}

/** What the record carries, in bytes. */
function sizeOf({ key: recordKey, headers, value }: ReturnType<typeof encodeResultEvent>): number {
  const inHeaders = headers.map((header) => header.name.length + (header.value?.length ?? 0));
  return inHeaders.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(recordKey) + value.length);
}

function decoded(event: ResultEvent, maxBytes: number): unknown {
  return JSON.parse(encodeResultEvent(event, maxBytes).value.toString('utf8'));
}

describe('eventId', () => {
  it('never changes: these ids are on topics', () => {
    expect(eventId(type, key, 1_794_870_000_000_000)).toBe('548a1885-8f32-8b07-b43a-bd50dcd9dfce');
    expect(eventId('afterword.user.erased.v1', { botId: 'b', userId: 'ü' }, 1)).toBe(
      '9fbdc1fb-3b56-8751-b37d-c24f3de5f96a',
    );
  });

  it('is a UUID of version 8', () => {
    for (let sequence = 1; sequence < 100; sequence++) {
      expect(eventId(type, key, sequence)).toMatch(
        /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
      );
    }
  });

  it('differs with the type, the bot, the user and the sequence', () => {
    const ids = [
      eventId(type, key, 1),
      eventId(type, key, 2),
      eventId('afterword.window.superseded.v1', key, 1),
      eventId(type, { ...key, botId: 'rook' }, 1),
      eventId(type, { ...key, userId: 'jules' }, 1),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells keys apart that read the same when joined', () => {
    expect(eventSubject({ botId: 'a', userId: 'b/c' })).toBe(eventSubject({ botId: 'a/b', userId: 'c' }));
    expect(eventId(type, { botId: 'a', userId: 'b/c' }, 1)).not.toBe(
      eventId(type, { botId: 'a/b', userId: 'c' }, 1),
    );
  });
});

describe('toCloudEventHeaders', () => {
  it('gives the attributes of CloudEvents 1.0 in binary mode', () => {
    const event = exampleEvent(type);
    expect(headersOf(event)).toEqual({
      ce_specversion: '1.0',
      ce_type: type,
      ce_source: '/afterword',
      ce_id: event.id,
      ce_time: '2026-11-16T19:20:04.250Z',
      ce_subject: 'hazel/nora.viklund',
      'content-type': 'application/json',
    });
  });

  it('keeps control characters of ids out of attributes, and other text as UTF-8', () => {
    const event = { ...exampleEvent(type), subject: 'bot/a\nb\u{7f}é😀' };
    expect(headersOf(event)['ce_subject']).toBe('bot/a\u{fffd}b\u{fffd}é😀');
  });
});

describe('encodeResultEvent', () => {
  it.each(resultEventTypes)('sends %s whole when there is room to the byte', (eventType) => {
    const event = exampleEvent<ResultEventType>(eventType);
    const size = sizeOf(encodeResultEvent(event, Infinity));
    const encoded = encodeResultEvent(event, size);
    expect(encoded.truncated).toBe(false);
    expect(encoded.key).toBe('hazel/nora.viklund');
    expect(JSON.parse(encoded.value.toString('utf8'))).toEqual(event.data);
  });

  it.each([
    'afterword.stage.completed.v1',
    'afterword.window.enriched.v1',
    'afterword.memory.changed.v1',
  ] as const)('cuts %s to ids when one byte is missing, in a form that the schema knows', (eventType) => {
    const event = exampleEvent<ResultEventType>(eventType);
    const size = sizeOf(encodeResultEvent(event, Infinity));
    const encoded = encodeResultEvent(event, size - 1);
    expect(encoded.truncated).toBe(true);
    expect(sizeOf(encoded)).toBeLessThan(size);
    const data: unknown = JSON.parse(encoded.value.toString('utf8'));
    expect(data).toMatchObject({ truncated: true, sequence: event.data.sequence });
    expect(resultEventSchemas[eventType].safeParse(data).error).toBeUndefined();
  });

  it('takes the result out of a stage event and leaves everything else', () => {
    const event = exampleEvent('afterword.stage.completed.v1');
    const whole = Object.entries(event.data).filter(([name]) => name !== 'result');
    expect(decoded(event, 0)).toEqual({ ...Object.fromEntries(whole), truncated: true });
  });

  it('keeps how each stage ended, under whatever name', () => {
    const data = {
      ...exampleData['afterword.window.enriched.v1'],
      stages: JSON.parse(
        '{"__proto__":{"status":"done","stage_version":"1","method":"model","model":"m","result":"long"},' +
          '"facts":{"status":"failed","stage_version":"1","error_code":"MODEL_REFUSED"}}',
      ) as ResultEventData<'afterword.window.enriched.v1'>['stages'],
    } as ResultEventData<'afterword.window.enriched.v1'>;
    const cut = encodeResultEvent(exampleEvent('afterword.window.enriched.v1', data), 0).value.toString(
      'utf8',
    );
    expect(cut).toContain('"__proto__":{"status":"done","stage_version":"1","method":"model","model":"m"}');
    expect(cut).toContain('"facts":{"status":"failed","stage_version":"1","error_code":"MODEL_REFUSED"}');
    expect(cut).not.toContain('long');
  });

  it('names as many changes of memory as fit, and how many there were', () => {
    const changes = Array.from({ length: 1000 }, () => ({
      ...moved,
      channels: [...moved.channels],
      evidence: [...moved.evidence],
    }));
    const event = exampleEvent('afterword.memory.changed.v1', {
      ...exampleData['afterword.memory.changed.v1'],
      changes,
    });
    for (const maxBytes of [200_000, 50_000, 5_000, 1_000]) {
      const encoded = encodeResultEvent(event, maxBytes);
      expect(sizeOf(encoded)).toBeLessThanOrEqual(maxBytes);
      const data = decoded(event, maxBytes) as ResultEventData<'afterword.memory.changed.v1'>;
      expect(data).toMatchObject({ truncated: true, change_count: 1000 });
      expect(resultEventSchemas[event.type].safeParse(data).error).toBeUndefined();
    }
    expect(decoded(event, 200_000)).toMatchObject({
      changes: changes.map(({ kind, change, id }) => ({ kind, change, id })),
    });
  });

  it('never holds an event up: without any room it comes in its smallest form', () => {
    for (const eventType of resultEventTypes) {
      const encoded = encodeResultEvent(exampleEvent<ResultEventType>(eventType), 0);
      expect(encoded.value.length).toBeGreaterThan(0);
      expect(sizeOf(encoded)).toBeLessThan(1_500);
    }
  });

  it('says it of no event that was stored as ids, since its words were deleted', () => {
    const event = exampleEvent('afterword.stage.completed.v1');
    const stored = { ...event, data: decoded(event, 0) as typeof event.data };
    const encoded = encodeResultEvent(stored, Infinity);
    expect(encoded.truncated).toBe(false);
    expect(JSON.parse(encoded.value.toString('utf8'))).toEqual(stored.data);
  });
});
