/**
 * Loaded into a worker before its own code: records its CPU profile from start to end.
 * Node 20 refuses `--cpu-prof` in NODE_OPTIONS, so the inspector is asked.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

const file = process.env['AFTERWORD_BENCH_PROFILE'];
if (file !== undefined) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 500 });
  session.post('Profiler.start');
  process.once('exit', () => {
    session.post('Profiler.stop', (failure, { profile }) => {
      if (failure === null) writeFileSync(file, JSON.stringify(profile));
    });
  });
}
