import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLAIN_ENTRY, readTar, type TarEntryInput, writeTar } from '@shiplog/oci';
import { temporaryDirectory } from '@shiplog/test-support';
import { packFiles } from './pack-files.ts';
import { unpackFiles } from './unpack-files.ts';

type Entry = Partial<TarEntryInput> & { readonly name: string; readonly text?: string };

const PLAIN = { ...PLAIN_ENTRY, mtimeNs: 1_700_000_000_000_000_000n };

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function unpack(target: string, entries: readonly Entry[]): Promise<readonly string[]> {
  const skipped: string[] = [];
  const whole = entries.map(({ text, ...entry }): TarEntryInput =>
    text === undefined ? { ...PLAIN, ...entry } : { ...PLAIN, ...entry, size: Buffer.byteLength(text), content: content(text) },
  );
  await unpackFiles(readTar(writeTar(whole)), { target, archive: false, skipped: (name) => skipped.push(name) });
  return skipped;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

test('given files here, when they are packed and unpacked, then they are the same under another name', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  await mkdir(join(source, 'sub'), { recursive: true });
  await writeFile(join(source, 'sub', 'file'), 'content', { mode: 0o640 });
  await symlink('sub/file', join(source, 'link'));
  const target = join(directory.path, 'target');
  const entries = packFiles(source, 'renamed', false, () => assert.unreachable('all can be packed'));
  await unpackFiles(readTar(writeTar(entries)), { target, archive: false, skipped: () => assert.unreachable('all can be unpacked') });
  assert.is(await readFile(join(target, 'sub', 'file'), 'utf8'), 'content');
  assert.is((await lstat(join(target, 'sub', 'file'))).mode & 0o7777, 0o640);
  assert.is(await readlink(join(target, 'link')), 'sub/file');
  const [here, there] = await Promise.all([source, target].map(async (tree) => (await lstat(join(tree, 'sub', 'file'))).mtimeMs));
  assert.ok(Math.abs((here ?? 0) - (there ?? 9)) < 0.01, 'to what a number of seconds can say');
});

test('given an archive of a hostile container, when it is unpacked, then nothing is written but beneath the target', async () => {
  await using directory = await temporaryDirectory();
  const outside = join(directory.path, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'file'), 'untouched');
  const target = join(directory.path, 'target');
  const root: Entry = { name: 'x/', type: 'directory', mode: 0o755 };
  const link: Entry = { name: 'x/link', type: 'symlink', linkName: outside };
  assert.match(await refusal(unpack(target, [root, link, { name: 'x/link/file', text: 'overwritten' }])), 'symbolic link');
  assert.match(await refusal(unpack(target, [root, { name: 'x/../../outside/file', text: 'overwritten' }])), 'outside');
  assert.match(await refusal(unpack(target, [root, { name: 'x/hard', type: 'hardlink', linkName: '../outside/file' }])), 'outside');
  assert.match(await refusal(unpack(target, [root, link, { name: 'x/link', type: 'directory' }])), 'is not a directory');
  const elsewhere = join(directory.path, 'elsewhere');
  assert.match(
    await refusal(
      unpack(elsewhere, [
        { ...link, name: 'x' },
        { name: 'x/file', text: 'overwritten' },
      ]),
    ),
    'symbolic link',
  );
  // A file takes the place of a link; it is not written through it.
  await unpack(target, [root, { ...link, linkName: join(outside, 'file') }, { name: 'x/link', text: 'instead' }]);
  assert.is(await readFile(join(target, 'link'), 'utf8'), 'instead');
  assert.is(await readFile(join(outside, 'file'), 'utf8'), 'untouched');
  assert.equal(await unpack(target, [root, { name: 'x/null', type: 'char', major: 1, minor: 3 }]), ['x/null']);
  await unpack(target, [root, { name: 'x/su', text: '', mode: 0o4755 }]);
  assert.is((await lstat(join(target, 'su'))).mode & 0o7777, 0o755, 'setuid needs -a');
});

test.run();
