// time limit: 300 s
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deathOf } from '@shiplog/conformance/crash';
import { createKernel } from '@shiplog/kernel-linux';
import { PLAIN_ENTRY, type TarEntryInput, writeTar } from '@shiplog/oci';
import { temporaryDirectory } from '@shiplog/test-support';
import { LinuxContainerFiles } from './linux-container-files.ts';

const SCRIPT = fileURLToPath(new URL('./extract.test.script.js', import.meta.url));
const driver = new LinuxContainerFiles(createKernel());
/** Later than any effect. */
const NEVER = 1_000_000;
const PLAIN = { ...PLAIN_ENTRY, mode: 0o640, uid: 7, gid: 8, mtimeNs: 5_000_000_000n };

/** One of each kind, in place of what is there, in it, and where nothing is. */
const ENTRIES: readonly (Partial<TarEntryInput> & { readonly name: string; readonly text?: string })[] = [
  { name: 'file', text: 'new' },
  { name: 'merged', type: 'directory', mode: 0o750 },
  { name: 'merged/more', text: 'x'.repeat(100_000), xattrs: new Map([['user.note', Buffer.from('kept')]]) },
  { name: 'replaced', text: 'no directory any more' },
  { name: 'on/the/way', text: 'x' },
  { name: 'link', type: 'symlink', linkName: 'file' },
  { name: 'hard', type: 'hardlink', linkName: 'file' },
  { name: 'fifo', type: 'fifo' },
  { name: 'data/volume/in', text: 'in a volume' },
];

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

/** A container's root file system in `within`, and a volume beside it. */
async function makeRoot(within: string): Promise<string> {
  const root = join(await mkdtemp(join(within, 'case-')), 'root');
  for (const directory of ['merged', 'replaced/deep', 'replaced/empty']) await mkdir(join(root, directory), { recursive: true });
  for (const file of ['file', 'merged/old', 'replaced/deep/file', 'replaced/file']) await writeFile(join(root, file), 'old');
  await mkdir(`${root}-volume`);
  return root;
}

/** As the script does, and lives on. */
async function takeIn(root: string, archive: string): Promise<void> {
  const mounts = [{ source: `${root}-volume`, target: '/data/volume', readonly: false }];
  const files = await driver.open({ root, readonly: false, mounts });
  await files.extract('/', createReadStream(archive), { keepKinds: false });
  await files.close();
}

/** All that is beside and beneath a root: kind, mode, owner and content; of files also their time. */
async function treeOf(root: string): Promise<ReadonlyMap<string, string>> {
  const all = join(root, '..');
  const lines = new Map<string, string>();
  for (const path of await readdir(all, { recursive: true })) {
    const at = join(all, path);
    const stats = await lstat(at);
    const kind = [stats.mode.toString(8), stats.uid, stats.gid].join(' ');
    if (stats.isFile()) lines.set(path, `${kind} ${stats.mtimeMs} ${stats.nlink} ${await readFile(at, 'utf8')}`);
    else lines.set(path, stats.isSymbolicLink() ? `${kind} ${await readlink(at)}` : kind);
  }
  return lines;
}

const test = suite('container-files: killed while an archive is taken in');

test('given a kill at any of its effects, when it is taken in again, then all is as if nothing had happened, and nothing else was left', async () => {
  await using directory = await temporaryDirectory();
  const archive = join(directory.path, 'archive.tar');
  const tar = writeTar(
    ENTRIES.map(({ text, ...entry }): TarEntryInput =>
      text === undefined ? { ...PLAIN, ...entry } : { ...PLAIN, ...entry, size: text.length, content: bytes(text) },
    ),
  );
  await pipeline(tar, createWriteStream(archive));
  const extract = (root: string, last: number) => deathOf([process.execPath, SCRIPT, root, archive, `${last}`], 'an extraction');

  const whole = await makeRoot(directory.path);
  // Old files keep the time they were made at: it is another one in each root.
  const untimed = (tree: ReadonlyMap<string, string>) =>
    [...tree].map(([path, line]) => `${path} ${line.replace(/ \d{13}\.?\d* /, ' now ')}`).toSorted();
  const before = await treeOf(whole);
  const { hasAnswered, effects } = await extract(whole, NEVER);
  assert.ok(hasAnswered);
  const after = await treeOf(whole);
  assert.match(after.get('root-volume/in') ?? '', /in a volume$/);
  assert.match(after.get('root/file') ?? '', /^100640 7 8 5000 2 new$/);
  // One of each kind of call at least: the kit sees what it is to see.
  for (const call of [
    'trees.assemble',
    'unlink',
    'rmdir',
    'mkdir',
    'write',
    'fchown',
    'fchmod',
    'symlink',
    'link',
    'files.mknod',
    'files.setTimes',
    'files.setXattr',
  ])
    assert.ok(
      effects.some((one) => one.split(' ')[0] === call),
      `no ${call} among ${effects.join(', ')}`,
    );

  for (let last = 1; last <= effects.length; last += 1) {
    const root = await makeRoot(directory.path);
    const death = await extract(root, last);
    assert.not.ok(death.hasAnswered);
    const where = `before effect ${last}, ${death.effects.at(-1)}`;
    for (const path of (await treeOf(root)).keys()) assert.ok(before.has(path) || after.has(path), `${where}: ${path} was left`);
    await takeIn(root, archive);
    assert.equal(untimed(await treeOf(root)), untimed(after), where);
  }
});

test.run();
