import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rename, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ShiplogError } from '@shiplog/contracts';

/** Where a private engine keeps all it has. */
export interface Scratch {
  /** Survives nothing; `root` lies on the file system that was asked for. */
  readonly directory: string;
  readonly root: string;
  /** Deletes all of it. */
  remove(): Promise<void>;
}

/** BTRFS_SUPER_MAGIC, statfs(2). */
const BTRFS = 0x9123683e;
/** What the file system may grow to; the file is sparse and takes what is written. */
const IMAGE_BYTES = 64 * 2 ** 30;

/** What directories of private engines are called by. */
export const PREFIX = 'shiplog-reenact-';
/** Of a directory that nothing on the host belongs to any more, behind its name: it is being deleted. */
export const GONE = '.gone';

const command = promisify(execFile);

/**
 * A directory below the system's temporary one (`TMPDIR`). If `btrfs` is wanted and that lies on another file system, its root is a btrfs
 * in a sparse file on a loop device. `claim` says whose it is, before anything is in it. Throws DRIVER_UNAVAILABLE where that cannot be had; then nothing of it is left.
 */
export async function makeScratch(btrfs: boolean, claim: (directory: string) => Promise<void>): Promise<Scratch> {
  const directory = await mkdtemp(join(tmpdir(), PREFIX));
  const root = join(directory, 'root');
  const plain: Scratch = { directory, root, remove: () => removeDirectory(directory) };
  await claim(directory);
  if (!btrfs || (await statfs(directory)).type === BTRFS) return plain;
  try {
    await mkdir(root);
    await mountImage(join(directory, 'btrfs.img'), root);
  } catch (error) {
    await plain.remove();
    throw new ShiplogError(
      'DRIVER_UNAVAILABLE',
      `no btrfs could be made for it: ${firstLine(error)}; install btrfs-progs, or set TMPDIR to a directory on btrfs`,
      { kind: 'storage', name: 'btrfs' },
      { cause: error },
    );
  }
  return {
    ...plain,
    async remove() {
      await unmount(root);
      await plain.remove();
    },
  };
}

/** Lazily where something is open still; the loop device goes with the mount. */
export async function unmount(root: string): Promise<void> {
  await command('umount', [root]).catch(() => command('umount', ['--lazy', root]));
}

/** Renamed first: who is killed in the middle leaves what can be told from a root with an engine. */
export async function removeDirectory(directory: string): Promise<void> {
  const gone = directory.endsWith(GONE) ? directory : `${directory}${GONE}`;
  if (gone !== directory) await rename(directory, gone);
  await rm(gone, { recursive: true, force: true });
}

async function mountImage(image: string, target: string): Promise<void> {
  const file = await open(image, 'wx', 0o600);
  try {
    await file.truncate(IMAGE_BYTES);
  } finally {
    await file.close();
  }
  await command('mkfs.btrfs', ['--quiet', image]);
  await command('mount', ['-t', 'btrfs', '-o', 'loop', image, target]);
}

function firstLine(error: unknown): string {
  const { stderr, code, message } = error as { readonly stderr?: string; readonly code?: unknown; readonly message: string };
  if (code === 'ENOENT') return 'mkfs.btrfs or mount is not installed';
  return (stderr?.trim() || message).split('\n')[0] ?? '';
}
