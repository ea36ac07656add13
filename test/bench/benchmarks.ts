import type { Benchmark } from './benchmark.ts';
import { consumeMixed, consumeSpread, consumeTight } from './consume/consume-benchmark.ts';
import { rewind } from './consume/rewind-benchmark.ts';
import { extraction } from './extraction/extraction-benchmark.ts';
import { latency } from './extraction/latency-benchmark.ts';
import { growth } from './growth/growth-benchmark.ts';
import { fold } from './memory/fold-benchmark.ts';
import { profileRead } from './memory/profile-benchmark.ts';
import { openSessionsMemory, restart } from './restart/open-sessions-benchmark.ts';

/** In the order of the table. */
export const benchmarks: readonly Benchmark[] = [
  consumeTight,
  consumeSpread,
  consumeMixed,
  rewind,
  extraction,
  latency,
  openSessionsMemory,
  restart,
  growth,
  fold,
  profileRead,
];
