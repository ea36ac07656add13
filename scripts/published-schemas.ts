import { z } from 'zod';
import { evaluationConversationSchema } from '../src/model/evaluation-conversation.ts';
import { memoryChangeSchema, memoryEvidenceSchema } from '../src/model/memory-change-event.ts';
import { messageEventSchema } from '../src/model/message-event.ts';
import { resultEventSchemas, resultEventTypes, type ResultEventType } from '../src/model/result-event.ts';
import { evidenceSchema } from '../src/model/results.ts';
import { resultSchemasByStage, stageCompletedInFullSchema } from '../src/model/stage-events.ts';

export interface PublishedSchema {
  readonly fileName: string;
  readonly schema: object;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Parts that stand under `$defs` with a name, so that code generated from a schema has it too. */
const namedParts: readonly (readonly [string, z.ZodType])[] = [
  ...Object.entries(resultSchemasByStage).map(([stage, schema]) => [definitionOf(stage), schema] as const),
  ['Evidence', evidenceSchema],
  ['MemoryEvidence', memoryEvidenceSchema],
  ['MemoryChange', memoryChangeSchema],
];

/** Everything in schemas/ that is made from src/model. */
export function publishedSchemas(): readonly PublishedSchema[] {
  for (const [id, schema] of namedParts) {
    z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });
  }
  return [
    publish('message-event.v1.json', toJsonSchema(messageEventSchema)),
    ...resultEventTypes.map(publishEvent),
    publish('evaluation-conversation.v1.json', toJsonSchema(evaluationConversationSchema)),
  ];
}

/** `afterword.window.closed.v1` is described by window-closed.v1.json. */
export function resultEventFileName(type: ResultEventType): string {
  const [, noun = '', verb = '', version = ''] = type.split('.');
  return `${noun}-${verb}.${version}.json`;
}

function publishEvent(type: ResultEventType): PublishedSchema {
  const json = { title: type, ...toJsonSchema(resultEventSchemas[type]) };
  if (type !== 'afterword.stage.completed.v1') return publish(resultEventFileName(type), json);
  const $defs = toJsonSchema(z.object(resultSchemasByStage)).$defs;
  return publish(resultEventFileName(type), { ...json, ...($defs && { $defs }) });
}

function publish(fileName: string, json: JsonSchema): PublishedSchema {
  const { $schema, title, description, $defs, ...body } = json;
  const $id = `https://afterword.dev/schemas/${fileName}`;
  return { fileName, schema: { $schema, $id, title, description, ...body, ...($defs && { $defs }) } };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    // What may stand on the topic, as opposed to what a parser makes of it.
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      leaveRoom(jsonSchema);
      if (zodSchema === stageCompletedInFullSchema) jsonSchema.allOf = ownStages.map(resultOfStage);
    },
  });
}

/**
 * Later versions of an event have more fields, so nobody should refuse those. The
 * pattern of a time is unreadable and says no more than its format.
 */
function leaveRoom(json: JsonSchema): void {
  const { additionalProperties } = json;
  if (additionalProperties === false || isEmpty(additionalProperties)) delete json.additionalProperties;
  if (json.format === 'date-time') delete json.pattern;
}

function isEmpty(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && Object.keys(schema).length === 0;
}

const ownStages = Object.keys(resultSchemasByStage);

/** `result` may be any JSON; for our own stages it is known what. */
function resultOfStage(stage: string): JsonSchema {
  return {
    if: { properties: { stage: { const: stage } } },
    then: { properties: { result: { $ref: `#/$defs/${definitionOf(stage)}` } } },
  };
}

function definitionOf(stage: string): string {
  return `${stage.charAt(0).toUpperCase()}${stage.slice(1)}Result`;
}
