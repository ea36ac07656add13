import { describe, expect, it } from 'vitest';

import { findAccount } from '../../../../src/adapters/embedded/postgres/server-account.ts';

const passwd = [
  'root:x:0:0:root:/root:/bin/bash',
  'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  'toor:x:0:0::/root:/bin/sh',
  'broken',
  '',
].join('\n');

describe('the account that the server runs under', () => {
  it('is the first of those wanted that exists', () => {
    expect(findAccount(passwd, ['postgres', 'nobody'])).toEqual({ uid: 65_534, gid: 65_534 });
  });

  it('is never root by another name', () => {
    expect(findAccount(passwd, ['toor'])).toBeUndefined();
  });

  it('is none where there is none', () => {
    expect(findAccount(passwd, ['postgres', 'broken'])).toBeUndefined();
    expect(findAccount('', ['nobody'])).toBeUndefined();
  });
});
