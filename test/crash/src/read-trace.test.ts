import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTrace } from './read-trace.ts';

const test = suite('trace');

const hex = (text: string): string => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

async function read(...lines: readonly string[]): ReturnType<typeof readTrace> {
  await using temporary = await temporaryDirectory();
  const file = join(temporary.path, 'trace');
  await writeFile(file, `${lines.join('\n')}\n`);
  return await readTrace(file, '/log');
}

test('given calls below the root, when read, then they are told in order, and others are not', async () => {
  const operations = await read(
    `7 openat(AT_FDCWD<${hex('/')}>, "${hex('/log/a')}", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3<${hex('/log/a')}>`,
    `7 write(3<${hex('/log/a')}>, "${hex('hi, there')}", 9) = 9`,
    `8 pwrite64(3<${hex('/log/a')}>, "${hex('yo')}", 2, 512) = 2`,
    `7 fdatasync(3<${hex('/log/a')}>) = 0`,
    `7 rename("${hex('/log/a')}", "${hex('/log/b')}") = 0`,
    `7 write(1<${hex('/dev/pts/0')}>, "${hex('out')}", 3) = 3`,
    '7 +++ exited with 0 +++',
  );
  assert.equal(operations, [
    { type: 'create', path: '/log/a', truncate: true },
    { type: 'write', path: '/log/a', bytes: Buffer.from('hi, there') },
    { type: 'write', path: '/log/a', bytes: Buffer.from('yo'), at: 512 },
    { type: 'sync', path: '/log/a' },
    { type: 'rename', path: '/log/a', to: '/log/b' },
  ]);
});

test('given a sync that another thread interrupted, when read, then it counts when it returned, and a write when it began', async () => {
  const operations = await read(
    `7 fdatasync(3<${hex('/log/a')}> <unfinished ...>`,
    `8 write(4<${hex('/log/b')}>, "${hex('x')}", 1 <unfinished ...>`,
    '7 <... fdatasync resumed>) = 0',
    '8 <... write resumed>) = 1',
  );
  assert.equal(
    operations.map(({ type, path }) => `${type} ${path}`),
    ['write /log/b', 'sync /log/a'],
  );
});

test('given a call that failed, when read, then it did nothing; given a string that was cut, then reading fails', async () => {
  assert.equal(await read(`7 unlink("${hex('/log/a')}") = -1 ENOENT (No such file or directory)`), []);
  await read(`7 write(3<${hex('/log/a')}>, "${hex('x')}"..., 9) = 9`).then(
    () => assert.unreachable(),
    (error: unknown) => assert.match(String(error), /cut a string/),
  );
});

test.run();
