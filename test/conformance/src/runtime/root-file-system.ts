import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Makes the root file system that {@link RuntimeFixture.spec} speaks of. Wants a busybox that needs no libraries. */
export async function makeRootFileSystem(rootfs: string): Promise<void> {
  for (const directory of ['bin', 'etc', 'proc', 'dev', 'tmp', 'home/app', 'root'])
    await mkdir(join(rootfs, directory), { recursive: true });
  const busybox = join(rootfs, 'bin/busybox');
  await copyFile('/bin/busybox', busybox);
  await chmod(busybox, 0o755);
  await promisify(execFile)(busybox, ['--install', '-s', join(rootfs, 'bin')]);
  // The links point to where busybox was: make them relative.
  const links = (await readdir(join(rootfs, 'bin'))).filter((name) => name !== 'busybox');
  await Promise.all(links.map((name) => rm(join(rootfs, 'bin', name))));
  await Promise.all(links.map((name) => symlink('busybox', join(rootfs, 'bin', name))));
  await writeFile(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n');
  await writeFile(join(rootfs, 'etc/group'), 'root:x:0:\napp:x:1000:\nextra:x:2000:app\n');
  await writeFile(join(rootfs, 'etc/plain'), 'text\n', { mode: 0o644 });
}
