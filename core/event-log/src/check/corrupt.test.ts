import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { refusal } from './corrupt.ts';

const test = suite('why events are not served');

for (const [message, code] of [
  ["EMFILE: too many open files, open '/log/archive/0.zst'", 'HOST_UNSUITABLE'],
  ["EACCES: permission denied, open '/log/archive/0.zst'", 'HOST_UNSUITABLE'],
  ['IO error: /log/db/000005.ldb: Too many open files', 'HOST_UNSUITABLE'],
  ['IO error: /log/db/000005.ldb: Permission denied', 'HOST_UNSUITABLE'],
  ["ENOENT: no such file or directory, open '/log/archive/0.zst'", 'LOG_CORRUPT'],
  ['EIO: i/o error, read', 'LOG_CORRUPT'],
  ['the checksum does not match', 'LOG_CORRUPT'],
] as const)
  test(`given "${message}", when events cannot be read for it, then it is ${code}, with their range`, () => {
    const { code: found, facts } = refusal(new Error(message), 3, 9);
    assert.is(found, code);
    assert.equal([facts['from'], facts['to']], [3, 9]);
  });

test.run();
