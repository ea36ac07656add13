import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readLabelledFile } from '../../src/evaluate/read-labelled-file.ts';
import { sharesContentWord } from '../../src/extract/validators/content-words.ts';
import { drawSample, isTuned, sampleWindows } from '../extract/offline/sample-windows.ts';
import { compileSchema } from '../schemas/compile-schemas.ts';

const text = readFileSync(new URL('../fixtures/labelled-chats.jsonl', import.meta.url), 'utf8');
const description = readFileSync(new URL('../fixtures/labelled-chats.md', import.meta.url), 'utf8');
const conversations = readLabelledFile(text);
const half = (name: string) => conversations.filter((conversation) => conversation.half === name);

const seed = 20261128;

/** One window of the sample for each person and day, in the order of the log. */
const windowIds = sampleWindows().map(({ lines }) => (lines[0]?.message.messageId ?? '').slice(0, -4));

describe('the labelled set', () => {
  it('holds at least sixty conversations, drawn by a fixed seed from each half of the sample', () => {
    const idsOf = (tuned: boolean): string[] =>
      windowIds.filter((id) => isTuned(id.replace(/-\d{4}-\d{2}-\d{2}$/, '')) === tuned);
    expect(half('tuned').map(({ id }) => id)).toEqual(drawSample(idsOf(true), 26, seed));
    expect(half('untouched').map(({ id }) => id)).toEqual(drawSample(idsOf(false), 42, seed));
    expect(conversations.length).toBe(68);
  });

  it('has the words of the sample, whole conversations of one half each', () => {
    const sample = new Map(
      sampleWindows().flatMap(({ lines }) =>
        lines.map(({ message }) => [message.messageId, message] as const),
      ),
    );
    for (const { id, half: name, transcript } of conversations) {
      expect(name).toBe(isTuned(transcript.userId) ? 'tuned' : 'untouched');
      const whole = [...sample.keys()].filter((messageId) => messageId.slice(0, -4) === id);
      expect(transcript.lines.map(({ message }) => message.messageId)).toEqual(whole);
      for (const { message } of transcript.lines) {
        const { role, content, sentAtMs } = sample.get(message.messageId) ?? {};
        expect({ role: message.role, content: message.content, sentAtMs: message.sentAtMs }).toEqual({
          role,
          content,
          sentAtMs,
        });
      }
    }
  });

  it('follows the published schema', () => {
    const validate = compileSchema('evaluation-conversation.v1.json');
    const bad = text.split('\n').filter((line) => line !== '' && !validate(JSON.parse(line)));
    expect(bad).toEqual([]);
  });

  it('names of every fact that is not optional a word that stands in its evidence', () => {
    const strange = conversations.flatMap(({ id, facts, transcript }) =>
      facts
        .filter(({ entity, evidence, optional }) => {
          const said = transcript.lines
            .filter(({ message }) => evidence.includes(message.messageId))
            .map(({ message }) => message.content)
            .join(' ');
          return (
            !optional && !entity.some((wording) => sharesContentWord(wording, said) || said.includes(wording))
          );
        })
        .map(({ entity }) => `${id}: ${entity.join(' | ')}`),
    );
    expect(strange).toEqual([]);
  });

  it('says of every conversation which tone is right, and which are emotional', () => {
    expect(conversations.filter(({ tone }) => tone === undefined)).toEqual([]);
    const emotional = conversations.filter(({ tags }) => tags.includes('emotional'));
    expect(description).toContain(
      `\`tags\` names the ${String(emotional.length)} conversations that are \`emotional\``,
    );
    expect(emotional).toHaveLength(20);
  });

  it('is labelled in each half: facts, topics, exhaustive ones', () => {
    for (const name of ['tuned', 'untouched']) {
      const all = half(name);
      const wanted = all.flatMap(({ facts }) => facts.filter(({ optional }) => !optional));
      expect(wanted.length).toBeGreaterThanOrEqual(2 * all.length);
      expect(all.every(({ topics }) => topics.length > 0)).toBe(true);
      expect(all.filter(({ exhaustive }) => exhaustive).length).toBeGreaterThanOrEqual(20);
    }
  });
});
