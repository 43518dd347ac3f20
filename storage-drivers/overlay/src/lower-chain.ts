import { createHash } from 'node:crypto';
import { open, readFile, readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf, namesIn, syncDirectory } from '@shiplog/driver-kit';

/** mount(2) takes one page of data, a zero byte at its end included. */
const MOUNT_DATA_BYTES = 4095;

/** Name of the link to the directory that stands below a snapshot without a parent: overlayfs wants at least one. */
export const EMPTY = 'empty';

/**
 * The short name of layer `key`: nine characters, 54 bits of the key's SHA-256. Keys themselves are too long for a list
 * of a hundred, and hold `:`, which overlayfs reads as the list's separator.
 */
export function shortName(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 9);
}

/** Makes `<links>/<short name>` lead to layer `key`, durably. Succeeds when it does already. */
export async function linkLayer(links: string, key: string): Promise<void> {
  const link = join(links, shortName(key));
  const target = `../layers/${key}/diff`;
  try {
    await symlink(target, link);
    await syncDirectory(links);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const found = await readlink(link);
    if (found !== target) {
      throw new ShiplogError('DRIVER_FAILED', `the short name of layer ${key} belongs to another layer`, { key, found }, { cause: error });
    }
  }
}

/** Takes the link of layer `key` away. Succeeds when there is none. */
export async function unlinkLayer(links: string, key: string): Promise<void> {
  try {
    await unlink(join(links, shortName(key)));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Takes away every link whose layer is gone: a crash between removing the two leaves one. */
export async function dropDanglingLinks(links: string, layers: string): Promise<void> {
  const present = new Set((await namesIn(layers)).map(shortName));
  for (const link of await namesIn(links)) if (link !== EMPTY && !present.has(link)) await unlink(join(links, link));
}

/** Short names of the layers below a snapshot, topmost first, from its `lower` file. */
export async function readLower(snapshot: string): Promise<readonly string[]> {
  const text = await readFile(join(snapshot, 'lower'), 'utf8');
  return text === '' ? [] : text.split(':');
}

/** The `lowerdir` option for a chain of short names, spelled out. */
export function lowerdir(links: string, chain: readonly string[]): string {
  return `lowerdir=${chain.map((name) => join(links, name)).join(':')}`;
}

/**
 * Calls `mount` with options whose `lowerdir` fits a mount's one page of data. Where the spelled-out paths do not, they
 * are given through an open descriptor of the links' directory: `/proc/self/fd/N/<short name>`, so that about 140 layers
 * fit under a root of any length. (Docker changes directory instead; a process with threads cannot.)
 */
export async function withLowerdir(
  links: string,
  chain: readonly string[],
  rest: readonly string[],
  mount: (options: readonly string[]) => Promise<void>,
): Promise<void> {
  const plain = [lowerdir(links, chain), ...rest];
  if (Buffer.byteLength(plain.join(',')) <= MOUNT_DATA_BYTES) return mount(plain);
  const directory = await open(links, 'r');
  try {
    const short = [lowerdir(`/proc/self/fd/${directory.fd}`, chain), ...rest];
    const bytes = Buffer.byteLength(short.join(','));
    if (bytes > MOUNT_DATA_BYTES) {
      throw new ShiplogError('NOT_SUPPORTED', `${chain.length} layers are more than one overlay mount can name; squash the image`, {
        layers: chain.length,
        bytes,
        limit: MOUNT_DATA_BYTES,
      });
    }
    await mount(short);
  } finally {
    await directory.close();
  }
}
