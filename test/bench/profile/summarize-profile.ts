import type { Profiler } from 'node:inspector';

export interface ProfileLine {
  readonly what: string;
  readonly selfMs: number;
  readonly share: number;
}

/** Where the time of the process went: functions by their own time, idle time left out. */
export function summarizeProfile(profile: Profiler.Profile, limit: number): readonly ProfileLine[] {
  return topOf(profile, limit, ({ callFrame: { functionName, url, lineNumber } }) =>
    url === ''
      ? `(${functionName.replaceAll(/[()]/gu, '') || 'native'})`
      : `${functionName === '' ? '(anonymous)' : functionName} ${shortUrl(url)}:${lineNumber + 1}`,
  );
}

/** The same by file, or by package where it is not ours. */
export function summarizeFiles(profile: Profiler.Profile, limit: number): readonly ProfileLine[] {
  return topOf(profile, limit, ({ callFrame: { functionName, url } }) =>
    url === '' ? `(${functionName.replaceAll(/[()]/gu, '') || 'native'})` : shortUrl(url),
  );
}

function topOf(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  limit: number,
  name: (node: Profiler.ProfileNode) => string,
): readonly ProfileLine[] {
  const nameOf = new Map(nodes.map((node) => [node.id, name(node)]));
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const what = nameOf.get(id) ?? '(unknown)';
    times.set(what, (times.get(what) ?? 0) + (timeDeltas[index] ?? 0) / 1_000);
  });
  times.delete('(idle)');
  const total = [...times.values()].reduce((sum, ms) => sum + ms, 0);
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([what, selfMs]) => ({ what, selfMs, share: selfMs / total }));
}

function shortUrl(url: string): string {
  return url.replace(/^.*\/node_modules\//u, '').replace(/^.*\/(?=src\/|test\/)/u, '');
}
