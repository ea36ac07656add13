import { expect, it } from 'vitest';
import { Heartbeats } from '../../src/serve/heartbeats.ts';

it('names the loops that have been silent for longer than they may', () => {
  const heartbeats = new Heartbeats();
  const relay = heartbeats.start('relay', 1_000, 0);
  heartbeats.start('closer', 5_000, 0);
  expect(heartbeats.stalled(1_000)).toEqual([]);
  expect(heartbeats.stalled(1_001)).toEqual([{ loop: 'relay', silentMs: 1_001 }]);
  relay.beat(1_500);
  expect(heartbeats.stalled(2_500)).toEqual([]);
  expect(heartbeats.stalled(9_000).map(({ loop }) => loop)).toEqual(['closer', 'relay']);
});

it('expects nothing of a loop that ended', () => {
  const heartbeats = new Heartbeats();
  heartbeats.start('relay', 1_000, 0).end();
  expect(heartbeats.stalled(99_000)).toEqual([]);
});
