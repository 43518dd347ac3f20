// time limit: 120 s
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, open, readdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from 'uvu';
import type { FileTree, OpenFiles } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { apart } from '@shiplog/conformance/network';
import { createKernel } from '@shiplog/kernel-linux';
import { PLAIN_ENTRY, readTar, type TarEntryInput, writeTar } from '@shiplog/oci';
import { temporaryDirectory } from '@shiplog/test-support';
import { LinuxContainerFiles } from './linux-container-files.ts';

/** cap_net_raw, permitted and effective (linux/capability.h, VFS_CAP_REVISION_2). */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex');
const KEEP = { keepKinds: false };

const kernel = createKernel();
const driver = new LinuxContainerFiles(kernel);

type Entry = Partial<TarEntryInput> & { readonly name: string; readonly text?: string };

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function tarOf(entries: readonly Entry[]): AsyncGenerator<Uint8Array> {
  return writeTar(
    entries.map(({ text, ...entry }): TarEntryInput =>
      text === undefined
        ? { ...PLAIN_ENTRY, ...entry }
        : { ...PLAIN_ENTRY, ...entry, size: Buffer.byteLength(text), content: content(text) },
    ),
  );
}

/** A tree of a root, open for a test. */
async function opened(root: string, mounts: Extract<FileTree, { readonly root: string }>['mounts'] = []): Promise<OpenFiles> {
  return driver.open({ root, readonly: false, mounts });
}

async function namesOf(tar: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of readTar(tar)) names.push(name);
  return names.toSorted();
}

async function gathered(tar: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  return chunks;
}

/** Descriptors of this process that lead beneath a directory, or to what was. */
async function descriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

if (await apart(import.meta.filename)) {
  const test = suite('container-files: linux');

  test('given a mount that is left out while it is empty, when it has nothing or something in it, then what is beneath shows, or what is in it', async () => {
    await using directory = await temporaryDirectory();
    const [root, volume] = [join(directory.path, 'root'), join(directory.path, 'volume')];
    await mkdir(join(root, 'data'), { recursive: true });
    await mkdir(join(volume, 'lost+found'), { recursive: true });
    await writeFile(join(root, 'data', 'of-the-image'), '');
    const names = async (): Promise<readonly string[]> => {
      const files = await opened(root, [{ source: volume, target: '/data', readonly: true, unlessEmpty: true }]);
      const found = await namesOf((await files.archive('/data/.')).tar);
      await files.close();
      return found;
    };
    assert.equal(await names(), ['./', './of-the-image']);
    await writeFile(join(volume, 'own'), '');
    assert.equal(await names(), ['./', './lost+found/', './own']);
  });

  test('given capabilities and other attributes, when files are written and read, then Docker’s are kept and those that steer file systems are not', async () => {
    await using directory = await temporaryDirectory();
    const files = await opened(directory.path);
    const xattrs = new Map<string, Uint8Array>([
      ['security.capability', CAPABILITY],
      ['user.note', Buffer.from('kept')],
      ['trusted.overlay.opaque', Buffer.from('y')],
      ['security.evil', Buffer.from('x')],
    ]);
    await files.extract('/', tarOf([{ name: 'ping', text: 'x', mode: 0o4755, xattrs }]), KEEP);
    const path = join(directory.path, 'ping');
    assert.equal((await kernel.files.listXattrs(path)).toSorted(), ['security.capability', 'user.note']);
    assert.is((await lstat(path)).mode & 0o7777, 0o4755);
    for await (const { xattrs: read } of readTar((await files.archive('/ping')).tar)) {
      assert.equal([...read.keys()], ['security.capability']);
      assert.equal(Buffer.from(read.get('security.capability') ?? []).subarray(0, 8), CAPABILITY.subarray(0, 8));
    }
    await files.close();
  });

  test('given a fifo that nobody writes, a socket and a device, when they are copied, then nothing is waited for and nothing opened', async () => {
    await using directory = await temporaryDirectory();
    const at = (name: string): string => join(directory.path, name);
    execFileSync('mkfifo', [at('fifo')]);
    execFileSync('mknod', [at('device'), 'c', '10', '130']);
    await writeFile(at('file'), 'x');
    const files = await opened(directory.path);
    assert.equal(await namesOf(files.export()), ['device', 'fifo', 'file']);
    await files.close();
  });

  test('given a directory in which something is mounted, when an archive is to replace it, then it is refused and nothing there is gone', async () => {
    await using directory = await temporaryDirectory();
    const [root, data] = [join(directory.path, 'root'), join(directory.path, 'data')];
    await mkdir(join(root, 'app', 'data'), { recursive: true });
    await mkdir(data);
    await kernel.mounts.mount({ type: 'tmpfs', source: 'tmpfs', target: data, options: [] });
    await writeFile(join(data, 'precious'), 'x');
    const files = await opened(root, [{ source: data, target: '/app/data', readonly: false }]);
    assert.is(await codeOf(files.extract('/', tarOf([{ name: 'app', text: 'instead' }]), KEEP)), 'KERNEL_CALL_FAILED');
    assert.is(await readFile(join(data, 'precious'), 'utf8'), 'x');
    await files.close();
    await kernel.mounts.unmount(data);
  });

  test('given directories nested without end, when they are read or replaced, then it is refused, and all descriptors are given back', async () => {
    await using directory = await temporaryDirectory();
    // Deeper than a path can tell: each is made in the one before.
    execFileSync('sh', [
      '-c',
      'cd "$0" && mkdir deep && cd deep && for i in $(seq 700); do mkdir d && cd d || exit 1; done',
      directory.path,
    ]);
    const files = await opened(directory.path);
    const before = await descriptors();
    assert.is(await codeOf(namesOf(files.export())), 'NOT_SUPPORTED');
    assert.is(await codeOf(files.extract('/', tarOf([{ name: 'deep', text: 'x' }]), KEEP)), 'NOT_SUPPORTED');
    assert.is(await descriptors(), before);
    await files.close();
    execFileSync('rm', ['-rf', join(directory.path, 'deep')]);
  });

  test('given an archive that is read in part, when the reader leaves or the files are closed, then no descriptor is left', async () => {
    await using directory = await temporaryDirectory();
    for (const name of ['a', 'b', 'c']) await mkdir(join(directory.path, 'sub', name), { recursive: true });
    await writeFile(join(directory.path, 'sub', 'large'), Buffer.alloc(4 << 20));
    const before = await descriptors();
    const files = await opened(directory.path);
    for await (const chunk of (await files.archive('/sub')).tar) if (chunk.length > 0) break;
    await files.archive('/sub');
    await files.close();
    assert.is(await descriptors(), before);
  });

  test('given files that grow and shrink while they are read, when they are archived, then one is as long as it was, and the other ends the archive', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'log');
    await writeFile(path, Buffer.alloc(1 << 20, 'x'));
    // Fractions of a second take a header of their own.
    await utimes(path, 1, 1);
    const files = await opened(directory.path);
    const growing = (await files.archive('/log')).tar[Symbol.asyncIterator]();
    let bytes = (await growing.next()).value?.length ?? 0;
    await writeFile(path, 'more', { flag: 'a' });
    for (let next = await growing.next(); next.done !== true; next = await growing.next()) bytes += next.value.length;
    assert.is(bytes, 512 + (1 << 20) + 1024);
    const shrinking = (await files.archive('/log')).tar[Symbol.asyncIterator]();
    await shrinking.next();
    const file = await open(path, 'r+');
    await file.truncate(10);
    await file.close();
    const rest = (async () => {
      for (let next = await shrinking.next(); next.done !== true; next = await shrinking.next());
    })();
    assert.is(await codeOf(rest), 'ARCHIVE_INVALID');
    await files.close();
  });

  test('given a directory that becomes a link once it was found, when the copy goes on, then it goes on in the directory', async () => {
    await using directory = await temporaryDirectory();
    const [root, outside] = [join(directory.path, 'root'), join(directory.path, 'outside')];
    await mkdir(join(root, 'into'), { recursive: true });
    await mkdir(outside);
    const files = await opened(root);
    async function* swapping(): AsyncGenerator<Uint8Array> {
      const archive = Buffer.concat(
        await gathered(
          tarOf([
            { name: 'first', text: 'x' },
            { name: 'second', text: 'y' },
          ]),
        ),
      );
      yield archive.subarray(0, 1024);
      while (!(await readdir(join(root, 'into'))).includes('first')) await new Promise((resolve) => setTimeout(resolve, 5));
      await rename(join(root, 'into'), join(root, 'moved'));
      await symlink(outside, join(root, 'into'));
      yield archive.subarray(1024);
    }
    assert.equal(await files.extract('/into', swapping(), KEEP), { entries: 2, bytes: 2 });
    assert.equal(await readdir(outside), []);
    assert.equal((await readdir(join(root, 'moved'))).toSorted(), ['first', 'second']);
    await files.close();
  });

  test('given existing files, when an archive brings them anew, then other names of them and those who have them open keep the old', async () => {
    await using directory = await temporaryDirectory();
    const at = (name: string): string => join(directory.path, name);
    await writeFile(at('file'), 'old');
    execFileSync('ln', [at('file'), at('other')]);
    await chmod(at('file'), 0o600);
    const files = await opened(directory.path);
    await files.extract('/', tarOf([{ name: 'file', text: 'new' }]), KEEP);
    assert.equal([await readFile(at('file'), 'utf8'), await readFile(at('other'), 'utf8')], ['new', 'old']);
    await files.close();
  });

  test.run();
}
