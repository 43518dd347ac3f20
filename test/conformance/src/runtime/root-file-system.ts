import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of busybox, what the checks run: links for all of it would take longer to make, and to remove, than most checks take. */
const COMMANDS = '[ cat chmod echo env false head id ls mkdir printf ps rm sh sha256sum sleep stty test touch true wc yes'.split(' ');

/** Makes the root file system that {@link RuntimeFixture.spec} speaks of. Wants a busybox that needs no libraries. */
export async function makeRootFileSystem(rootfs: string): Promise<void> {
  for (const directory of ['bin', 'etc', 'proc', 'dev', 'tmp', 'home/app', 'root'])
    await mkdir(join(rootfs, directory), { recursive: true });
  const busybox = join(rootfs, 'bin/busybox');
  await copyFile('/bin/busybox', busybox);
  await chmod(busybox, 0o755);
  for (const name of COMMANDS) await symlink('busybox', join(rootfs, 'bin', name));
  await writeFile(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n');
  await writeFile(join(rootfs, 'etc/group'), 'root:x:0:\napp:x:1000:\nextra:x:2000:app\n');
  await writeFile(join(rootfs, 'etc/plain'), 'text\n', { mode: 0o644 });
}
