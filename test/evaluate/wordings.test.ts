import { expect, it } from 'vitest';
import { saysOneOf } from '../../src/evaluate/wordings.ts';
import type { EntityType } from '../../src/model/results.ts';

it.each<[name: string, type: EntityType, wording: string]>([
  ['the Badminton', 'hobby', 'badminton'],
  ['movies', 'media', 'movie'],
  ['two cats', 'pet', 'cat'],
  ['new badminton techniques', 'hobby', 'badminton'],
  ['learning to cook', 'activity', 'cooking'],
  ['stressed', 'feeling', 'stress'],
  ['worried about work', 'feeling', 'worry'],
  ['trip to Mexico', 'goal', 'the Mexico trip'],
  ['学习中文', 'activity', '学习中文'],
  ['C++', 'skill', 'c++'],
])('takes %j (%s) for %j', (name, type, wording) => {
  expect(saysOneOf(name, type, ['something else', wording])).toBe(true);
});

it.each<[name: string, type: EntityType, wording: string]>([
  ['badminton', 'hobby', 'badminton group'],
  ['workplace', 'other', 'work'],
  ['Lucas', 'person', 'Lucia'],
  ['a trip', 'goal', 'trip to Mexico'],
  ['C', 'skill', 'C++'],
  ['the', 'other', 'a'],
])('does not take %j (%s) for %j', (name, type, wording) => {
  expect(saysOneOf(name, type, [wording])).toBe(false);
});
