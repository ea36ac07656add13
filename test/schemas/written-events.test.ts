import { describe, expect, it } from 'vitest';
import { resultEventFileName } from '../../scripts/published-schemas.ts';
import { resultEventSchemas, resultEventTypes } from '../../src/model/result-event.ts';
import { compileSchema } from './compile-schemas.ts';
import { settleSamples } from './settle-samples.ts';

const { events, memories } = settleSamples();
const memoryOf = (key: string) => memories.get(key) ?? { facts: [], preferences: [] };
const written = resultEventTypes.filter((type) => type !== 'afterword.user.erased.v1');

describe.each(written)('%s, as written for the sample conversations', (type) => {
  const own = events.filter((event) => event.type === type);

  it('follows the code’s schema and the published one', () => {
    expect(own.length).toBeGreaterThanOrEqual(30);
    const validate = compileSchema(resultEventFileName(type));
    for (const { data } of own) {
      expect(resultEventSchemas[type].safeParse(data).error).toBeUndefined();
      validate(JSON.parse(JSON.stringify(data)));
      expect(validate.errors).toBeNull();
    }
  });
});

describe('what is learnt from the sample conversations without any model', () => {
  const everything = JSON.stringify(events) + JSON.stringify([...memories]);

  it('holds nothing of a deleted message', () => {
    expect(everything).not.toContain('4471');
  });

  it('closes where Nora lived when she moves', () => {
    const homes = memoryOf('hazel nora.viklund').facts.filter(({ relation }) => relation === 'lives_in');
    expect(homes.map(({ entityName, status }) => [entityName, status])).toEqual(
      expect.arrayContaining([
        ['Porto', 'superseded'],
        ['Coimbra', 'current'],
      ]),
    );
  });

  it('never takes a bot’s slip for a fact: Tomasz lives in Lyon', () => {
    const current = memoryOf('hazel tomasz-k').facts.filter(({ status }) => status === 'current');
    expect(current.map(({ relation, entityName }) => `${relation} ${entityName}`)).toContain('lives_in Lyon');
    expect(JSON.stringify(current.map(({ entityName }) => entityName))).not.toContain('Lille');
  });
});
