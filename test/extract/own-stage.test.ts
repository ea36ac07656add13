import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { AfterwordError } from '../../src/errors.ts';
import { defineStage, type StageDefinition } from '../../src/extract/define-stage.ts';
import { toStage } from '../../src/extract/own-stage.ts';
import { readDraft, type DraftReading } from '../../src/extract/read-draft.ts';
import { runOffline } from '../../src/extract/run-offline.ts';
import type { Stage } from '../../src/extract/stage.ts';
import type { FactDraft } from '../../src/extract/stages/drafts.ts';
import { citationsSchema } from '../../src/extract/verify-citations.ts';
import { describeFailure } from '../../src/telemetry/failure.ts';
import { transcriptOf } from '../support/extraction.ts';

const secret = 'badminton';
const transcript = transcriptOf(
  ['user', `I play ${secret} on Sundays. Is the hall open then?`],
  ['assistant', 'I will look that up.'],
);

const claims = z.strictObject({
  claims: z.array(z.strictObject({ text: z.string(), evidence: citationsSchema })),
});
const plain = { name: 'claims', version: '3', minMessages: 1, schema: claims, prompt: 'Claims.' };

const claim = (...evidence: { line: number; quote: string }[]) => ({ text: 'said', evidence });
const held = claim({ line: 1, quote: 'Is the hall open then?' });
const invented = claim({ line: 1, quote: 'I own a yacht' });

function read<Schema extends z.ZodType>(definition: StageDefinition<Schema>, part: unknown): DraftReading {
  return readDraft(toStage(definition), part, transcript);
}

function faultOf(reading: DraftReading): Error {
  if (!('fault' in reading)) throw new Error('the stage did not fail');
  return reading.fault;
}

describe('a stage without a check of its own', () => {
  it('has its evidence verified and written as message ids, and loses what does not hold', () => {
    expect(read(defineStage(plain), { claims: [held, invented, claim()] })).toEqual({
      held: true,
      draft: { claims: [held, invented, claim()] },
      checked: {
        result: {
          claims: [{ text: 'said', evidence: [{ message_id: 'm1', quote: 'Is the hall open then?' }] }],
        },
        rejected: { 'quote-not-found': 1, 'no-evidence': 1 },
      },
    });
  });

  it('keeps a claim whose other quotes do not hold, and counts them', () => {
    const both = claim(...held.evidence, ...invented.evidence);
    expect(read(defineStage(plain), { claims: [both] })).toMatchObject({
      checked: {
        result: { claims: [{ evidence: [{ message_id: 'm1' }] }] },
        rejected: { 'quote-dropped': 1 },
      },
    });
  });

  it('takes the bot’s words alone for no evidence', () => {
    const bots = claim({ line: 2, quote: 'I will look that up.' });
    expect(read(defineStage(plain), { claims: [bots] })).toMatchObject({
      checked: { result: { claims: [] }, rejected: { 'no-user-evidence': 1 } },
    });
  });

  it('is asked again where its one claim has no evidence', () => {
    const one = defineStage({
      ...plain,
      schema: z.strictObject({ text: z.string(), evidence: citationsSchema }),
    });
    expect(read(one, invented)).toMatchObject({
      held: false,
      problem: expect.stringContaining('quote-not-found') as unknown,
    });
    expect(read(one, held)).toMatchObject({ held: true });
  });

  it('finds evidence however deep it lies', () => {
    const deep = defineStage({
      ...plain,
      schema: z.strictObject({ by: z.array(z.strictObject({ inner: claims })) }),
    });
    expect(read(deep, { by: [{ inner: { claims: [held, invented] } }] })).toMatchObject({
      checked: {
        result: { by: [{ inner: { claims: [{ text: 'said' }] } }] },
        rejected: { 'quote-not-found': 1 },
      },
    });
  });
});

describe('a check of its own', () => {
  const checking = (check: NonNullable<StageDefinition<typeof claims>['check']>): DraftReading =>
    read(defineStage({ ...plain, check }), { claims: [] });

  it('makes the result, and counts what it refuses under names that may be logged', () => {
    const rejected = { 'too-long': 2, [`said ${secret}`]: 1, odd: Number.NaN };
    expect(checking(() => ({ result: [1], rejected }))).toEqual({
      held: true,
      draft: expect.anything() as unknown,
      checked: { result: [1], rejected: { 'too-long': 2, other: 1 } },
    });
  });

  it('has the model asked again with its words', () => {
    const reading = checking(() => {
      throw new AfterwordError('MODEL_OUTPUT_INVALID', 'say more');
    });
    expect(reading).toEqual({ held: false, problem: 'claims: say more' });
  });

  it('has the model asked again by the error of another copy of this package', () => {
    const reading = checking(() => {
      throw Object.assign(new Error('say more'), { name: 'AfterwordError', code: 'MODEL_OUTPUT_INVALID' });
    });
    expect(reading).toEqual({ held: false, problem: 'claims: say more' });
  });

  it.each([
    ['an error', () => new TypeError(`no ${secret}`)],
    ['an error of our own class', () => new AfterwordError('INPUT_INVALID', `no ${secret}`)],
    ['a text', () => `no ${secret}`],
    ['an error with a cause', () => new Error('x', { cause: new AfterwordError('INPUT_INVALID', secret) })],
  ])('that throws %s fails the stage, with a code and the place, and without the words', (_what, make) => {
    const fault = faultOf(
      checking(() => {
        throw make() as Error;
      }),
    );
    expect(fault).toMatchObject({ code: 'STAGE_FAILED', details: { stage: 'claims' } });
    const described = JSON.stringify(describeFailure(fault));
    expect(described).not.toContain(secret);
    if (make() instanceof Error) expect(described).toContain('own-stage.test.ts');
  });

  it.each([
    ['nothing', () => undefined],
    ['a promise', () => Promise.resolve({ result: [] })],
    ['a promise that fails', () => Promise.reject(new Error(secret))],
    ['no result', () => ({ rejected: {} })],
    ['what is no JSON', () => ({ result: { size: 1n } })],
  ])('that returns %s fails the stage', (_what, make) => {
    expect(faultOf(checking(make as () => never))).toMatchObject({ code: 'STAGE_FAILED' });
  });

  it('may be spoilt by its schema as well', () => {
    const schema = claims.refine(() => {
      throw new TypeError(secret);
    });
    const fault = faultOf(read(defineStage({ ...plain, schema }), { claims: [] }));
    expect(fault).toMatchObject({ code: 'STAGE_FAILED' });
    expect(JSON.stringify(describeFailure(fault))).not.toContain(secret);
  });
});

describe('without a model', () => {
  const outcomes = (
    definition: StageDefinition<typeof claims>,
    onFault?: (stage: Stage, error: Error) => void,
  ) => runOffline([toStage(defineStage(definition))], transcript, onFault);

  it('is skipped where it has no offline form, with the reason', () => {
    expect(outcomes(plain)).toMatchObject([
      { status: 'skipped', stage: 'claims', reason: 'no-offline-form' },
    ]);
  });

  it('answers by its offline form, through the same check', () => {
    expect(outcomes({ ...plain, offline: () => ({ claims: [held, invented] }) })).toMatchObject([
      {
        status: 'done',
        method: 'offline',
        stageVersion: '3',
        result: { claims: [{ evidence: [{ message_id: 'm1' }] }] },
        rejected: { 'quote-not-found': 1 },
      },
    ]);
  });

  it('fails where its offline form throws or answers in another shape, and says so', () => {
    const onFault = vi.fn();
    const throwing = {
      ...plain,
      offline: () => {
        throw new TypeError(secret);
      },
    };
    const wrong = { ...plain, offline: () => ({ claims: 'none' }) as never };
    for (const broken of [throwing, wrong]) {
      expect(outcomes(broken, onFault)).toMatchObject([{ status: 'failed', errorCode: 'STAGE_FAILED' }]);
    }
    expect(onFault).toHaveBeenCalledTimes(2);
  });
});

describe('the answers for the parts of a long window', () => {
  it('are merged as it says, and held to its schema', () => {
    const stage = toStage(
      defineStage({ ...plain, merge: (answers) => ({ claims: answers.flatMap(({ claims: all }) => all) }) }),
    );
    expect(stage.merge?.([{ claims: [held] }, { claims: [invented] }])).toEqual({ claims: [held, invented] });
  });

  it('fail the stage where merging throws or returns another shape, without the words of either', () => {
    const throwing = {
      ...plain,
      merge: () => {
        throw new TypeError(secret);
      },
    };
    const wrong = { ...plain, merge: () => ({ claims: secret }) as never };
    for (const broken of [throwing, wrong]) {
      expect(() => toStage(defineStage(broken)).merge?.([])).toThrow(
        expect.objectContaining({
          code: 'STAGE_FAILED',
          message: expect.not.stringContaining(secret) as string,
        }) as Error,
      );
    }
  });
});

describe('what it remembers', () => {
  const fact: FactDraft = {
    relation: 'plays',
    predicate: null,
    entity_name: 'badminton',
    entity_type: 'activity',
    attributes: [],
    polarity: 'positive',
    modality: 'stated',
    confidence: 0.9,
    valid_from: null,
    valid_to: null,
    evidence: [{ line: 1, quote: `I play ${secret}` }],
  };
  const remembering = (facts: unknown): DraftReading =>
    read(defineStage({ ...plain, remember: () => ({ facts }) as never }), { claims: [] });

  it('passes the checks of the built-in stages, and what they refuse is counted', () => {
    const unfounded = { ...fact, evidence: [{ line: 1, quote: 'I own a yacht' }] };
    expect(remembering([fact, unfounded])).toMatchObject({
      checked: {
        rejected: { 'quote-not-found': 1 },
        remembered: {
          facts: [{ entity_name: 'badminton', evidence: [{ message_id: 'm1', quote: `I play ${secret}` }] }],
          preferences: [],
        },
      },
    });
  });

  it('fails the stage where it is of another form', () => {
    expect(faultOf(remembering([{ relation: 'plays' }]))).toMatchObject({ code: 'STAGE_FAILED' });
  });
});

it('begins its part of the prompt with its name, unless it does so itself', () => {
  expect(toStage(defineStage(plain)).prompt).toBe('# claims\nClaims.');
  expect(toStage(defineStage({ ...plain, prompt: '# claims\nOwn.' })).prompt).toBe('# claims\nOwn.');
});
