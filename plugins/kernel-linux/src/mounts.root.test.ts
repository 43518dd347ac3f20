import { mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { kernel, kernelTests, rejects, mountsUnder } from './kernel.test.util.ts';

const { mounts } = kernel;

await kernelTests(import.meta.filename, 'mounts', (test) => {
  test('given a file system, when it is mounted and unmounted twice, then it comes and goes', async ({ directory }) => {
    await mounts.mount({ type: 'tmpfs', source: 'none', target: directory, options: ['nosuid', 'noexec', 'size=64k', 'mode=0700'] });
    const mount = (await mounts.list()).find(({ target }) => target === directory);
    assert.is(mount?.type, 'tmpfs');
    assert.ok(mount?.options.includes('nosuid') && mount.options.includes('noexec'));
    assert.ok(mount?.superOptions.includes('size=64k'));
    await mounts.unmount(directory);
    await mounts.unmount(directory);
    await mounts.unmount(join(directory, 'missing'));
    assert.equal(await mountsUnder(directory), []);
  });

  test('given a bind that is to be read-only, when it is mounted, then nothing can be written through it', async ({ directory }) => {
    const [source, target] = [join(directory, 'source'), join(directory, 'target')];
    await Promise.all([mkdir(source), mkdir(target)]);
    await mounts.mount({ type: '', source, target, options: ['rbind', 'ro', 'nosuid', 'rprivate'] });
    await writeFile(join(source, 'file'), 'x');
    assert.is(await readFile(join(target, 'file'), 'utf8'), 'x');
    const error = await writeFile(join(target, 'file'), 'y').catch((failure: NodeJS.ErrnoException) => failure.code);
    assert.is(error, 'EROFS');
    await mounts.unmount(target);
  });

  test('given a mount, when it is remounted and its propagation changed, then it is so', async ({ directory }) => {
    await mounts.mount({ type: 'tmpfs', source: 'none', target: directory, options: [] });
    await mounts.mount({ type: '', source: '', target: directory, options: ['rshared'] });
    await mounts.mount({ type: '', source: '', target: directory, options: ['remount', 'ro'] });
    const mount = (await mounts.list()).find(({ target }) => target === directory);
    assert.match(mount?.propagation.join(' ') ?? '', /shared:/);
    assert.ok(mount?.options.includes('ro'));
  });

  test('given a mount in use, when it is unmounted, then EBUSY, and lazily it goes', async ({ directory }) => {
    await mounts.mount({ type: 'tmpfs', source: 'none', target: directory, options: [] });
    const file = await open(join(directory, 'held'), 'w');
    await rejects(mounts.unmount(directory), 'KERNEL_CALL_FAILED', 'EBUSY');
    await mounts.unmount(directory, { lazy: true });
    assert.equal(await mountsUnder(directory), []);
    await file.close();
  });

  test('given a symlink to a mount, when it is unmounted, then the mount stays', async ({ directory }) => {
    const [target, link] = [join(directory, 'target'), join(directory, 'link')];
    await mkdir(target);
    await symlink(target, link);
    await mounts.mount({ type: 'tmpfs', source: 'none', target, options: [] });
    await mounts.unmount(link);
    assert.equal(await mountsUnder(directory), [target]);
  });

  test('given options that cannot be, when something is mounted, then it fails by name and nothing stays', async ({ directory }) => {
    await rejects(
      mounts.mount({ type: 'tmpfs', source: 'none', target: join(directory, 'no'), options: [] }),
      'KERNEL_CALL_FAILED',
      'ENOENT',
    );
    await rejects(mounts.mount({ type: 'nosuchfs', source: 'none', target: directory, options: [] }), 'KERNEL_CALL_FAILED', 'ENODEV');
    const long = `lowerdir=${'/x'.repeat(3000)}`;
    await rejects(mounts.mount({ type: 'overlay', source: 'none', target: directory, options: [long] }), 'KERNEL_CALL_FAILED', 'E2BIG');
    assert.equal(await mountsUnder(directory), []);
  });
});
