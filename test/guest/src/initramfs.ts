import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { GuestKernel } from './kernel.ts';

const exec = promisify(execFile);
const NEEDED = ['virtio_pci', 'virtio_blk'];

/** Makes the archive the kernel starts from (kernel: filesystems/ramfs-rootfs-initramfs): busybox, and the disks' drivers. */
export async function initramfs(cache: string, kernel: GuestKernel): Promise<string> {
  const tree = join(cache, 'initramfs-tree');
  await rm(tree, { recursive: true, force: true });
  for (const directory of ['bin', 'proc', 'dev', 'root']) await mkdir(join(tree, directory), { recursive: true });
  await cp('/bin/busybox', join(tree, 'bin/busybox'));
  await cp(new URL('../guest/init', import.meta.url).pathname, join(tree, 'init'));
  const modules = join(tree, 'lib/modules', kernel.version);
  for (const name of await readdir(kernel.modules))
    if (name.startsWith('modules.')) await cp(join(kernel.modules, name), join(modules, name));
  for (const path of withNeeds(await readFile(join(kernel.modules, 'modules.dep'), 'utf8'), NEEDED)) {
    await mkdir(dirname(join(modules, path)), { recursive: true });
    await cp(join(kernel.modules, path), join(modules, path));
  }
  const archive = join(cache, 'initramfs.cpio');
  await exec('/bin/busybox', ['sh', '-c', 'cd "$0" && find . | cpio -o -H newc > "$1"', tree, `${archive}.new`]);
  await rename(`${archive}.new`, archive);
  await rm(tree, { recursive: true });
  return archive;
}

/** Paths of modules and of all that they need, from a modules.dep (modules.dep(5)). */
export function withNeeds(index: string, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const line of index.split('\n')) {
    const [path = '', needs = ''] = line.split(':');
    if (!names.some((name) => path.endsWith(`/${name}.ko`))) continue;
    for (const each of [path, ...needs.trim().split(' ')]) if (each !== '') found.add(each);
  }
  return [...found];
}
