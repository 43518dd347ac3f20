import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';
import { copyAttributes, copyTree } from './tree-copy.ts';

/** A copy under way: worthless after a crash. */
const COPYING = '.shiplog-copying';
/** A whole copy whose entries are being moved to where they belong. */
const MOVING = '.shiplog-moving';

export interface VolumeSeed {
  readonly kernel: Kernel;
  /** What to copy: `path` as it is seen in the file system at `root`; its symlinks do not lead out of there. */
  readonly seed: { readonly root: string; readonly path: string };
  /** The volume's directory. */
  readonly to: string;
  readonly signal?: AbortSignal;
}

/**
 * Gives a volume that is empty what a container's image has at the mount point, with the directory's owner and mode, as
 * Docker does. A volume that holds anything stays as it is, and so does one for which there is nothing to copy. A crash leaves
 * what the next call finishes. The caller sees to it that nobody uses the volume meanwhile.
 */
export async function seedVolume({ kernel, seed, to, signal }: VolumeSeed): Promise<void> {
  const present = await readdir(to);
  if (!isEmpty(present) && !present.includes(MOVING)) return;
  const from = await sourceOf(kernel, seed);
  if (from === undefined) return;
  if (!present.includes(MOVING)) {
    await rm(join(to, COPYING), { recursive: true, force: true });
    const source = await readdir(from);
    if (source.length > 0) {
      await copyTree({ kernel, from, to: join(to, COPYING), ...(signal === undefined ? {} : { signal }) });
      await rename(join(to, COPYING), join(to, MOVING));
    } else await mkdir(join(to, MOVING));
  }
  for (const name of await readdir(join(to, MOVING))) await rename(join(to, MOVING, name), join(to, name));
  await copyAttributes(kernel, from, to, await lstat(from, { bigint: true }));
  await rmdir(join(to, MOVING));
}

/** Whether a volume's directory holds nothing, so that it would be seeded from the beginning. A file is not empty. */
export async function isVolumeEmpty(path: string): Promise<boolean> {
  try {
    return isEmpty(await readdir(path));
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** A file system of its own has a directory for what a check of it finds. */
function isEmpty(names: readonly string[]): boolean {
  return names.every((name) => name === COPYING || name === MOVING || name === 'lost+found');
}

/** The directory to copy; undefined where the image has none. */
async function sourceOf(kernel: Kernel, { root, path }: VolumeSeed['seed']): Promise<string | undefined> {
  try {
    const from = await kernel.files.resolveBeneath(root, path);
    return (await lstat(from)).isDirectory() ? from : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || (error instanceof ShiplogError && error.code === 'PATH_NOT_FOUND')) return undefined;
    throw error;
  }
}
