import { lstat, lutimes, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '../../errno.ts';
import { type Recorder, refused } from './recorder.ts';

/** A node that {@link Kernel.files} made, as it was asked for. */
export type RecordedNode = Parameters<Kernel['files']['mknod']>[1];

/** The real disk, with extended attributes and nodes in memory. */
export function recordingFiles(recorder: Recorder): Kernel['files'] & { nodeAt(path: string): Promise<RecordedNode | undefined> } {
  const xattrs = new Map<string, Map<string, Uint8Array>>();
  const nodes = new Map<string, RecordedNode>();
  const attributesOf = async (path: string): Promise<Map<string, Uint8Array>> => {
    const inode = await inodeOf(path);
    const known = xattrs.get(inode) ?? new Map<string, Uint8Array>();
    xattrs.set(inode, known);
    return known;
  };
  return {
    nodeAt: async (path) => nodes.get(await inodeOf(path)),
    async mknod(path, node) {
      recorder.note('files.mknod', path, node);
      await writeFile(path, '', { flag: 'wx' }).catch((error: unknown) => {
        throw refused('mknod', errnoOf(error) ?? 'EIO', { path });
      });
      nodes.set(await inodeOf(path), node);
    },
    async setXattr(file, name, value) {
      recorder.note('files.setXattr', file, name, value);
      (await attributesOf(typeof file === 'number' ? await readlink(`/proc/self/fd/${file}`) : file)).set(name, value);
    },
    async getXattr(path, name) {
      recorder.note('files.getXattr', path, name);
      return (await attributesOf(path)).get(name);
    },
    async listXattrs(path) {
      recorder.note('files.listXattrs', path);
      return [...(await attributesOf(path)).keys()];
    },
    async removeXattr(path, name) {
      recorder.note('files.removeXattr', path, name);
      (await attributesOf(path)).delete(name);
    },
    async setTimes(path, accessNs, modifyNs) {
      recorder.note('files.setTimes', path, accessNs, modifyNs);
      await lutimes(path, Number(accessNs) / 1e9, Number(modifyNs) / 1e9);
    },
    async resolveBeneath(root, path) {
      recorder.note('files.resolveBeneath', root, path);
      return resolveInRoot(root, path);
    },
    async punchHole(path, offset, length) {
      recorder.note('files.punchHole', path, offset, length);
      return true;
    },
    async syncFilesystem(path) {
      recorder.note('files.syncFilesystem', path);
    },
  };
}

/** Names a file whatever its path: a driver renames what it has finished. */
async function inodeOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    throw refused('lstat', errnoOf(error) ?? 'EIO', { path });
  }
}

/** openat2(2) with RESOLVE_IN_ROOT, in steps. */
async function resolveInRoot(root: string, path: string): Promise<string> {
  const left = path.split('/').filter((part) => part !== '' && part !== '.');
  const walked: string[] = [];
  for (let links = 0; left.length > 0;) {
    const part = left.shift() ?? '';
    if (part === '..') {
      walked.pop();
      continue;
    }
    const at = join(root, ...walked, part);
    const stats = await lstat(at).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT' && left.length === 0) return undefined;
      throw new ShiplogError('PATH_NOT_FOUND', `${dirname(path)} does not exist in ${root}`, { root, path }, { cause: error });
    });
    if (stats?.isSymbolicLink() !== true) {
      walked.push(part);
      continue;
    }
    if (++links > 40) throw refused('openat2', 'ELOOP', { root, path });
    const target = await readlink(at);
    if (target.startsWith('/')) walked.length = 0;
    left.unshift(...target.split('/').filter((step) => step !== '' && step !== '.'));
  }
  return join(root, ...walked);
}
