import { mkdir, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernel, Probe } from '@shiplog/contracts';
import { type DriverServices, errnoOf, mountHolding, temporaryPath } from '@shiplog/driver-kit';

/** File systems known not to work below an overlay's upper directory (kernel documentation, filesystems/overlayfs). */
const UNFIT = new Set(['overlay', 'aufs', 'ecryptfs', 'nfs', 'nfs4', 'vfat', 'fuse']);

/**
 * Can overlay work with the driver's state directory? Asks the mount table first, for reasons a person understands, and
 * then tries: an overlay in a directory of its own, in which a deleted lower file must stay gone. That last needs
 * whiteouts, `trusted.` extended attributes and directory entries with types (d_type), all at once. Nothing stays.
 */
export async function probeOverlay({ kernel, home }: DriverServices): Promise<Probe> {
  if (process.geteuid?.() !== 0) return no('overlay file systems can only be mounted by root');
  const stateDir = await realpath(home.stateDir);
  if (/[,:\\]/.test(stateDir)) return no(`overlay mount options cannot name ${stateDir}: choose a root without , : or \\`);
  const below = mountHolding(await kernel.mounts.list(), stateDir);
  if (below !== undefined && UNFIT.has(below.type)) {
    return no(`${stateDir} lies on ${below.type}, which cannot hold an overlay's changes: choose a root on ext4, xfs or btrfs`);
  }
  const directory = temporaryPath(stateDir);
  try {
    return await tryOverlay(kernel, directory);
  } catch (error) {
    // Listed only once the module is loaded, which the mount just tried to do.
    if (!(await readFile('/proc/filesystems', 'utf8')).includes('\toverlay\n')) return no('the kernel has no overlay file system');
    return no(`an overlay on ${below?.type ?? 'this file system'} failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await kernel.mounts.unmount(join(directory, 'merged'));
    await rm(directory, { recursive: true, force: true });
  }
}

async function tryOverlay(kernel: Kernel, directory: string): Promise<Probe> {
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const path of [lower, upper, work, merged]) await mkdir(path, { recursive: true, mode: 0o700 });
  try {
    await kernel.files.setXattr(upper, 'trusted.overlay.opaque', Buffer.from('n'));
    await kernel.files.removeXattr(upper, 'trusted.overlay.opaque');
  } catch (error) {
    return no(`the file system of ${directory} refuses trusted extended attributes (${errnoOf(error) ?? 'unknown error'})`);
  }
  await writeFile(join(lower, 'deleted'), '');
  await kernel.mounts.mount({
    type: 'overlay',
    source: 'overlay',
    target: merged,
    options: [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`, 'index=off', 'metacopy=off'],
  });
  await rm(join(merged, 'deleted'));
  if ((await readdir(merged)).length > 0) return no('the file system below shows deleted files again: it gives no file types (d_type)');
  return { usable: true };
}

function no(reason: string): Probe {
  return { usable: false, reason };
}
