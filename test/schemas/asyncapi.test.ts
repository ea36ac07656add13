import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resultEventFileName } from '../../scripts/published-schemas.ts';
import { deadLetterReasons } from '../../src/model/decoded-record.ts';
import type { RecordHeader } from '../../src/model/record.ts';
import { resultEventTypes } from '../../src/model/result-event.ts';
import { toCloudEventHeaders } from '../../src/publish/cloud-event.ts';
import { deadLetterRecord, withoutBytes } from '../../src/publish/dead-letter-record.ts';
import type { OutgoingDeadLetter } from '../../src/publish/outbox.ts';
import { compileSchema, schemasFolder } from './compile-schemas.ts';
import { exampleEvent } from './result-event-examples.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const document = parse(readFileSync(join(schemasFolder, 'asyncapi.yaml'), 'utf8')) as Json;

function at(root: Json, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return (value as Readonly<Record<string, Json>>)[name];
  }, root);
}

function references(value: Json): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(references);
  return Object.entries(value).flatMap(([name, child]) =>
    name === '$ref' && typeof child === 'string' ? [child] : references(child),
  );
}

function resolves(reference: string): boolean {
  if (!reference.startsWith('#/')) return existsSync(join(schemasFolder, reference));
  return at(document, reference.slice(2).split('/')) !== undefined;
}

const messageOf = (name: string): Json | undefined => at(document, ['components', 'messages', name]);

describe('schemas/asyncapi.yaml', () => {
  it('is a valid AsyncAPI 3.0 document', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const validate = ajv.compile(specs.schemasWithoutId['3.0.0'] as object);
    validate(document);
    expect(validate.errors).toBeNull();
    // The schema is of use: it knows what an operation may do.
    expect(validate({ ...(document as object), operations: { odd: { action: 'borrow' } } })).toBe(false);
  });

  it('refers to nothing that does not exist', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter((reference) => !resolves(reference))).toEqual([]);
  });

  it('refers to schemas that compile', () => {
    const files = references(document).filter((reference) => reference.startsWith('./'));
    expect(new Set(files).size).toBe(resultEventTypes.length + 1);
    for (const file of files) expect(compileSchema(file)).toBeTypeOf('function');
  });

  it.each([
    ['messages', 'bot.messages', 'receive'],
    ['results', 'conversation.enrichments', 'send'],
    ['deadLetters', 'bot.messages.dead-letter', 'send'],
  ])(
    'says of the channel %s that it is the topic %s, never compacted, which we %s',
    (channel, topic, action) => {
      expect(at(document, ['channels', channel, 'address'])).toBe(topic);
      const kafka = at(document, ['channels', channel, 'bindings', 'kafka']);
      expect(kafka).toMatchObject({ topic, topicConfiguration: { 'cleanup.policy': ['delete'] } });
      const operations = Object.values(at(document, ['operations']) as Readonly<Record<string, Json>>);
      expect(operations).toContainEqual(
        expect.objectContaining({ action, channel: { $ref: `#/channels/${channel}` } }),
      );
    },
  );

  it.each(resultEventTypes)('describes %s on the results channel, with its schema and headers', (type) => {
    const names = Object.keys(at(document, ['channels', 'results', 'messages']) as object);
    const message = names.map(messageOf).find((candidate) => at(candidate ?? null, ['name']) === type);
    expect(message).toMatchObject({
      payload: { schema: { $ref: `./${resultEventFileName(type)}` } },
      traits: [{ $ref: '#/components/messageTraits/resultEvent' }],
    });
  });

  it('describes the headers that result events are sent with', () => {
    const described = at(document, ['components', 'messageTraits', 'resultEvent', 'headers']);
    const sent = asText(toCloudEventHeaders(exampleEvent('afterword.user.erased.v1')));
    expect(faults(described, sent)).toBeNull();
    expect(propertyNames(described)).toEqual(Object.keys(sent));
  });

  it('describes the headers that dead letters are sent with, and every reason', () => {
    const described = at(document, ['components', 'messages', 'deadLetter', 'headers']);
    const whole = deadLetterRecord('bot.messages.dead-letter', exampleLetter);
    const short = asText(withoutBytes(whole).headers);
    expect(faults(described, asText(whole.headers))).toBeNull();
    expect(faults(described, short)).toBeNull();
    expect(propertyNames(described)).toEqual(Object.keys(short));
    const reasons = at(described ?? null, ['properties', 'afterword_reason', 'enum']);
    expect(reasons).toEqual(deadLetterReasons);
  });
});

const exampleLetter: OutgoingDeadLetter = {
  topic: 'bot.messages',
  partition: 3,
  offset: 12_345n,
  timestampMs: Date.UTC(2026, 10, 16),
  key: null,
  value: Buffer.from('not json'),
  headers: [],
  reason: 'not-json',
  detail: 'value: not JSON',
};

function asText(headers: readonly RecordHeader[]): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(headers.map(({ name, value }) => [name, value?.toString('utf8')]));
}

function propertyNames(schema: Json | undefined): readonly string[] {
  return Object.keys(at(schema ?? null, ['properties']) as object);
}

function faults(schema: Json | undefined, data: unknown): unknown {
  const ajv = new Ajv({ strict: true, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema as object);
  validate(data);
  return validate.errors;
}
