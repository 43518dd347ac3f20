import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { kernel, kernelTests, mountsUnder, rejects } from './kernel.test.util.ts';

const { trees } = kernel;
const below = (tree: number, path: string): string => `/proc/self/fd/${tree}/${path}`;

await kernelTests(import.meta.filename, 'trees', (test) => {
  test('given a root and what is mounted in it, when it is assembled, then both show there and nowhere else', async ({ directory }) => {
    const [root, data, file] = [join(directory, 'root'), join(directory, 'data'), join(directory, 'file')];
    await mkdir(join(root, 'etc'), { recursive: true });
    await mkdir(data);
    await writeFile(join(data, 'here'), 'of the volume');
    await writeFile(file, 'of the file');
    await symlink('/etc', join(root, 'link'));
    await kernel.mounts.mount({ type: 'tmpfs', source: 'tmpfs', target: join(root, 'etc'), options: [] });
    await writeFile(join(root, 'etc', 'hidden'), '');

    const tree = await trees.assemble({
      root,
      readonly: false,
      mounts: [
        { source: data, target: '/link/deep/data', readonly: true },
        { source: file, target: '/etc/file', readonly: false },
      ],
    });
    try {
      assert.equal((await readdir(below(tree, 'etc'))).toSorted(), ['deep', 'file'], 'what is mounted in the root does not show');
      assert.is(await readFile(below(tree, 'etc/deep/data/here'), 'utf8'), 'of the volume');
      assert.is(await readFile(below(tree, 'etc/file'), 'utf8'), 'of the file');
      await writeFile(below(tree, 'etc/new'), '');
      await writeFile(below(tree, 'etc/deep/data/new'), '').then(
        () => assert.unreachable('it is read-only'),
        (error: NodeJS.ErrnoException) => assert.is(error.code, 'EROFS'),
      );
      assert.equal(await mountsUnder(directory), [join(root, 'etc')], 'nothing new is mounted');
      assert.is(await trees.resolve(tree, '/link/deep/../deep/data/here'), '/etc/deep/data/here');
    } finally {
      closeSync(tree);
    }
  });

  test('given a root that is to be read-only, when it is assembled, then what is mounted in it may still be written', async ({
    directory,
  }) => {
    const [root, data] = [join(directory, 'root'), join(directory, 'data')];
    await mkdir(join(root, 'data'), { recursive: true });
    await mkdir(data);
    const tree = await trees.assemble({ root, readonly: true, mounts: [{ source: data, target: '/data', readonly: false }] });
    try {
      await writeFile(below(tree, 'data/new'), '');
      await writeFile(below(tree, 'new'), '').then(
        () => assert.unreachable('it is read-only'),
        (error: NodeJS.ErrnoException) => assert.is(error.code, 'EROFS'),
      );
    } finally {
      closeSync(tree);
    }
    await writeFile(join(root, 'new'), '');
  });

  test('given links that lead out of a tree, when they are opened, then they lead to its own files, and magic ones nowhere', async ({
    directory,
  }) => {
    await mkdir(join(directory, 'a', 'b'), { recursive: true });
    await writeFile(join(directory, 'a', 'passwd'), 'of the tree');
    await symlink('/../../../a/passwd', join(directory, 'a', 'b', 'out'));
    await symlink('/nowhere/x', join(directory, 'dangling'));
    await mkdir(join(directory, 'proc'));
    await kernel.mounts.mount({ type: 'proc', source: 'proc', target: join(directory, 'proc'), options: [] });
    const tree = await trees.assemble({ root: directory, readonly: false, mounts: [{ source: '/proc', target: '/proc', readonly: true }] });
    try {
      const followed = (await trees.open(tree, 'a/b/out', { follow: true })) ?? -1;
      assert.is(await readFile(`/proc/self/fd/${followed}`, 'utf8'), 'of the tree');
      closeSync(followed);
      const link = (await trees.open(tree, 'a/b/out', { follow: false })) ?? -1;
      assert.is(await readlink(`/proc/self/fd/${link}`), '/a/b/out');
      closeSync(link);
      assert.is(await trees.open(tree, 'a/none', { follow: true }), undefined);
      await rejects(trees.open(tree, `/proc/${process.pid}/root/etc`, { follow: true }), 'KERNEL_CALL_FAILED', 'ELOOP');
      await rejects(trees.open(tree, 'a/passwd/x', { follow: true }), 'KERNEL_CALL_FAILED', 'ENOTDIR');
      assert.is(await trees.resolve(tree, '/a/b/out'), '/a/passwd');
      await rejects(trees.resolve(tree, '/dangling'), 'PATH_NOT_FOUND');
    } finally {
      closeSync(tree);
    }
  });

  test('given a process with mounts of its own, when its tree is taken, then it shows them, and goes on to after its end', async ({
    directory,
  }) => {
    const script = 'mount -t tmpfs tmpfs "$0" && echo inside > "$0/file" && echo ready && exec sleep 60';
    const child = spawn('unshare', ['--mount', 'sh', '-c', script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const pid = child.pid ?? 0;
    const start = (await kernel.processes.startTicks(pid)) ?? 0;
    await rejects(trees.ofProcess({ pid, startTicks: start + 1 }), 'KERNEL_CALL_FAILED', 'ESRCH');
    const tree = await trees.ofProcess({ pid, startTicks: start });
    try {
      assert.is(await readFile(below(tree, join(directory, 'file')), 'utf8'), 'inside\n');
      assert.equal(await readdir(directory), [], 'the host does not see it');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      assert.is(await readFile(below(tree, join(directory, 'file')), 'utf8'), 'inside\n');
      await rejects(trees.ofProcess({ pid, startTicks: start }), 'KERNEL_CALL_FAILED', 'ESRCH');
    } finally {
      closeSync(tree);
    }
  });
});
