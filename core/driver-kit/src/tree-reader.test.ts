import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf } from '@shiplog/contracts/testing';
import { readTar, type TarEntryInput, writeTar } from '@shiplog/oci';
import { closeFile, openDirectory } from './descriptor.ts';
import { createRecordingKernel } from './testing/recording-kernel.ts';
import { TreeReader } from './tree-reader.ts';

const test = suite('tree reader');
const kernel = createRecordingKernel();

/** Runs with a directory, and a descriptor of it. */
async function withTree(run: (tree: string, directory: number) => Promise<void>): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), 'shiplog-tree-'));
  const directory = await openDirectory(tree);
  try {
    await run(tree, directory);
  } finally {
    await closeFile(directory);
    await rm(tree, { recursive: true });
  }
}

const reader = () => new TreeReader({ kernel, xattrs: 'all' });

async function listed(entries: AsyncIterable<TarEntryInput>): Promise<readonly (readonly [string, string, string])[]> {
  const found: [string, string, string][] = [];
  for await (const { type, name, linkName, content } of readTar(writeTar(entries))) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    found.push([type, name, linkName + Buffer.concat(chunks).toString()]);
  }
  return found.toSorted(([, a], [, b]) => (a < b ? -1 : 1));
}

test('given files of every kind, when a tree is read, then each is told as it is, a second name as a link, and a socket not at all', async () => {
  await withTree(async (tree, directory) => {
    await mkdir(join(tree, 'd/empty'), { recursive: true });
    await writeFile(join(tree, 'd/file'), 'content');
    await symlink('../nowhere', join(tree, 'd/link'));
    execFileSync('mkfifo', [join(tree, 'fifo')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(tree, 'socket'), resolve));
    execFileSync('ln', [join(tree, 'd/file'), join(tree, 'd/second')]);
    const found = await listed(reader().beneath(directory, ''));
    const [first, second] = found.filter(([, name]) => name === 'd/file' || name === 'd/second').toSorted(([a]) => (a === 'file' ? -1 : 1));
    assert.equal([first?.[0], first?.[2], second?.[0], second?.[2]], ['file', 'content', 'hardlink', first?.[1]]);
    assert.equal(
      found.filter(([, name]) => name !== 'd/file' && name !== 'd/second'),
      [
        ['directory', 'd/', ''],
        ['directory', 'd/empty/', ''],
        ['symlink', 'd/link', '../nowhere'],
        ['fifo', 'fifo', ''],
      ],
    );
    await new Promise((resolve) => server.close(resolve));
  });
});

test('given a directory that becomes a link out of the tree while it is read, when its files are, then they are those of the directory', async () => {
  await withTree(async (tree, directory) => {
    await mkdir(join(tree, 'd'));
    await mkdir(join(tree, 'outside'));
    for (const name of ['a', 'b']) await writeFile(join(tree, 'd', name), 'inside');
    for (const name of ['a', 'b', 'c']) await writeFile(join(tree, 'outside', name), 'of the host');
    async function* swapping() {
      for await (const entry of reader().beneath(directory, '')) {
        if (entry.name === 'd/') {
          await rename(join(tree, 'd'), join(tree, 'moved'));
          await symlink(join(tree, 'outside'), join(tree, 'd'));
        }
        // What was put in its place may be met as well, as the link that it is.
        if (entry.name.startsWith('d') && entry.type !== 'symlink') yield entry;
      }
    }
    assert.equal(await listed(swapping()), [
      ['directory', 'd/', ''],
      ['file', 'd/a', 'inside'],
      ['file', 'd/b', 'inside'],
    ]);
  });
});

test('given a file that shrinks once it was told, when it is written, then the archive ends with an error, and nothing stays open', async () => {
  await withTree(async (tree, directory) => {
    await writeFile(join(tree, 'log'), Buffer.alloc(1 << 20));
    const before = await readdir('/proc/self/fd');
    async function* shrinking() {
      for await (const entry of reader().alone({ directory, name: 'log' }, 'log')) {
        await truncate(join(tree, 'log'), 10);
        yield entry;
      }
    }
    assert.is(await codeOf(listed(shrinking())), 'ARCHIVE_INVALID');
    assert.equal(await listed(reader().alone({ directory, name: 'nothing' }, 'nothing')), []);
    assert.is((await readdir('/proc/self/fd')).length, before.length);
  });
});

test('given a name that is not UTF-8, when its directory is read, then it is refused', async () => {
  await withTree(async (tree, directory) => {
    await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0x66, 0xfc])]), '');
    assert.is(await codeOf(listed(reader().beneath(directory, ''))), 'NOT_SUPPORTED');
  });
});

test.run();
