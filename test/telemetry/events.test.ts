import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { events } from '../../src/telemetry/events.ts';

const source = new URL('../../src/', import.meta.url);

it('lists no event that is never written', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const written = files
    .filter((file) => file.endsWith('.ts') && file !== 'telemetry/events.ts')
    .map((file) => readFileSync(new URL(file, source), 'utf8'))
    .join('\n');
  expect(Object.keys(events).filter((event) => !written.includes(`('${event}'`))).toEqual([]);
});
