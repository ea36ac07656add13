import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readCommit } from './commit.ts';

it('names no commit outside a repository', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'afterword-no-repository-'));
  try {
    expect(readCommit(folder)).toBeNull();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
