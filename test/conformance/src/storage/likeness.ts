import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type AddCheck, type Lab, parentOf } from './lab.ts';

/** Snapshots that are made like a tree somebody else shows. */
export function likenessChecks(check: AddCheck): void {
  check('given a tree that differs from a layer in every way, when a snapshot is prepared like it, then it shows the same', async (lab) => {
    const layer = await lab.layer(ENTRIES, await lab.layer([{ path: 'lower/file', content: 'lower' }]));
    const tree = await lab.show(layer);
    await changeAll(lab, tree);
    const wanted = await described(lab, tree);
    const key = lab.containerKey();
    await lab.driver.prepare({ key, parent: layer, like: tree }, lab.ctx());
    const shown = await lab.mount(key);
    assert.deepEqual(await described(lab, shown), wanted);
    // Neither knows of the other.
    await writeFile(join(tree, 'later'), '');
    await rm(join(shown, 'kept'));
    assert.equal((await readdir(shown)).includes('later'), false);
    assert.equal(await readFile(join(tree, 'kept'), 'utf8'), 'kept');
    assert.equal(await readFile(join(await lab.show(layer), 'gone'), 'utf8'), 'gone', 'the layer is as it was');
  });
  check('given no parent, when a snapshot is prepared like a tree, then all of it is its own; the next start still has it', async (lab) => {
    const tree = await mkdtemp(join(lab.scratch, 'tree-'));
    await changeAll(lab, tree);
    const wanted = await described(lab, tree);
    const key = lab.containerKey();
    await lab.driver.prepare({ key, like: tree }, lab.ctx());
    await lab.restart();
    assert.deepEqual(await described(lab, await lab.mount(key)), wanted);
  });
  check('given a tree that is not there, when a snapshot is to be like it, then preparing fails and leaves nothing', async (lab) => {
    const layer = await lab.layer(ENTRIES);
    const prepare = (): Promise<unknown> =>
      lab.driver.prepare({ key: lab.containerKey(), ...parentOf(layer), like: join(lab.scratch, 'nothing') }, lab.ctx());
    await lab.failsWithoutTrace(['PATH_NOT_FOUND', 'DRIVER_FAILED'], prepare);
  });
}

const ENTRIES = [
  { path: 'kept', content: 'kept' },
  { path: 'gone', content: 'gone' },
  { path: 'text', content: 'old!' },
  { path: 'attributes', content: 'a' },
  { path: 'xattr', content: 'x' },
  { path: 'emptied', type: 'directory' as const },
  { path: 'emptied/deep', content: 'c' },
  { path: 'becomes-file', type: 'directory' as const },
  { path: 'becomes-file/in', content: 'd' },
  { path: 'becomes-directory', content: 'e' },
  { path: 'one', content: 'linked' },
  { path: 'two', type: 'hardlink' as const, linkTarget: 'one' },
  { path: 'link', type: 'symlink' as const, linkTarget: 'kept' },
];

/** Makes every kind of entry and change; also in an empty directory. */
async function changeAll({ kernel }: Lab, tree: string): Promise<void> {
  const at = (path: string): string => join(tree, path);
  await writeFile(at('kept'), 'kept');
  for (const path of ['gone', 'emptied/deep', 'becomes-file', 'becomes-directory', 'link', 'two', 'lower'])
    await rm(at(path), { recursive: true, force: true });
  await mkdir(at('lower'));
  await writeFile(at('lower/other'), 'not what was below');
  // As long as before, and of the same time: only its content tells.
  const before = await lstat(at('text')).catch(() => undefined);
  await writeFile(at('text'), 'new!');
  if (before !== undefined) await utimes(at('text'), before.atime, before.mtime);
  await writeFile(at('attributes'), 'a');
  await chown(at('attributes'), 7, 8);
  await chmod(at('attributes'), 0o6711);
  await writeFile(at('xattr'), 'x');
  await kernel.files.setXattr(at('xattr'), 'user.note', Buffer.from('changed'));
  await writeFile(at('becomes-file'), 'f');
  await mkdir(at('becomes-directory'));
  await chmod(at('becomes-directory'), 0o1777);
  await kernel.files.setXattr(at('becomes-directory'), 'user.directory', Buffer.from('d'));
  await symlink('/etc/../nowhere', at('link'));
  await writeFile(at('one'), 'linked');
  await link(at('one'), at('three'));
  await mkdir(at('hostile'));
  await writeFile(at('hostile/.wh.kept'), 'no whiteout');
  await writeFile(at('hostile/.wh..wh..opq'), '');
  await writeFile(at('hostile/new\nline "quoted" \\ €'), 'name');
  await kernel.files.mknod(at('device'), { type: 'char', mode: 0o640, major: 1, minor: 3 });
  await kernel.files.mknod(at('pipe'), { type: 'fifo', mode: 0o600 });
  await rename(at('hostile'), at('renamed'));
  await utimes(at('renamed'), 1e9, 1e9);
  await chmod(tree, 0o711);
}

/** A line for each entry: all that can be seen of it. Names of one file are said by the first of them. */
async function described({ kernel }: Lab, tree: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const firsts = new Map<number, string>();
  for (const path of ['', ...(await readdir(tree, { recursive: true })).toSorted()]) {
    const at = join(tree, path);
    const stats = await lstat(at, { bigint: true });
    const { mode, uid, gid, rdev, mtimeNs, ino } = stats;
    const first = stats.isDirectory() ? path : (firsts.get(Number(ino)) ?? path);
    firsts.set(Number(ino), first);
    const names = (await kernel.files.listXattrs(at)).filter((name) => !name.startsWith('trusted.overlay.')).toSorted();
    const xattrs = await Promise.all(
      names.map(async (name) => `${name}=${Buffer.from((await kernel.files.getXattr(at, name)) ?? []).toString('hex')}`),
    );
    const content = stats.isFile() ? await readFile(at, 'hex') : stats.isSymbolicLink() ? await readlink(at) : '';
    lines.push([JSON.stringify(path), JSON.stringify(first), mode.toString(8), uid, gid, rdev, mtimeNs, ...xattrs, content].join(' '));
  }
  return lines;
}
