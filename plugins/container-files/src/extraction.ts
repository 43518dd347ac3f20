import { constants, type BigIntStats, fchmod, fchown, fsync } from 'node:fs';
import { access, chmod, chown, link, lstat, mkdir, opendir, readlink, rmdir, symlink, unlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import { type Extracted, type Kernel, ShiplogError } from '@shiplog/contracts';
import {
  closeFile,
  errnoOf,
  O_PATH,
  openDirectory,
  openEntry,
  openFile,
  pathOf,
  refuseTooDeep,
  statOf,
  throwIfAborted,
  writeContent,
} from '@shiplog/driver-kit';
import { cleanLayerPath, splitLayerPath, type TarEntry } from '@shiplog/oci';

const changeMode = promisify(fchmod);
const synced = promisify(fsync);
const changeOwner = promisify(fchown);

/** Directories and links that an archive may bring, since they are remembered to its end. */
const REMEMBERED_LIMIT = 1_000_000;
/** So many files are synced each by itself, which is faster than a whole file system. */
const FEW = 8;

export interface ExtractionParts {
  readonly kernel: Kernel;
  /** Descriptor of the container's tree. */
  readonly tree: number;
  /** Descriptor of the directory that the archive is for. */
  readonly destination: number;
  /** Refuse to replace a directory by something else, or something else by a directory. */
  readonly keepKinds: boolean;
  /** Whom all of it will belong to; the archive says so if absent. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly signal?: AbortSignal;
}

/** A directory on the way to the last entry: its path in the archive, and a descriptor. */
interface Step {
  readonly path: string;
  readonly fd: number;
}

/**
 * Takes a tar into a container that may work against it. A directory, once found, is held by its descriptor, and every entry is made in one by a single name that
 * is not followed: whatever is moved or linked meanwhile, nothing is written outside the container. An entry is made anew, never written through. Links that were
 * there before are followed on the way, within the container; those that the archive brought are not (ARCHIVE_ESCAPES).
 *
 * Kept of an entry: content, owner, all twelve mode bits, time, devices, hard links, and of extended attributes `security.capability` and `user.*`.
 */
export class Extraction {
  readonly #parts: ExtractionParts;
  /** The way to the directory of the last entry; the destination is its first step. */
  readonly #way: Step[];
  /** Links that the archive brought, by their paths in it. */
  readonly #links = new Set<string>();
  /** Times that directories get at the end, once nothing is made in them any more. */
  readonly #directoryTimes = new Map<string, bigint>();
  /** Something was written that has not been synced by itself. */
  #isUnsynced = false;
  #entries = 0;
  #bytes = 0;

  constructor(parts: ExtractionParts) {
    this.#parts = parts;
    this.#way = [{ path: '.', fd: parts.destination }];
  }

  /** Runs once. Throws what `entries` throws, ARCHIVE_INVALID, ARCHIVE_ESCAPES, REQUEST_INVALID, PATH_READ_ONLY, DISK_FULL, CANCELED or DRIVER_FAILED. */
  async run(entries: AsyncIterable<TarEntry>): Promise<Extracted> {
    try {
      // Before the first entry: an archive that is empty is refused as well. Root may all else, so it can only be EROFS.
      await access(pathOf(this.#parts.destination), constants.W_OK);
      for await (const entry of entries) {
        throwIfAborted(this.#parts.signal);
        await this.#take(entry);
      }
      throwIfAborted(this.#parts.signal);
      await this.#setDirectoryTimes();
      // What is answered stays, as anything else that a command did.
      if (this.#isUnsynced) await this.#parts.kernel.files.syncFilesystem(pathOf(this.#parts.destination));
      return { entries: this.#entries, bytes: this.#bytes };
    } catch (error) {
      throw translated(error);
    } finally {
      await this.#goBack(1);
    }
  }

  async #setDirectoryTimes(): Promise<void> {
    for (const [path, time] of this.#directoryTimes) {
      const { parent, name } = splitLayerPath(path);
      await this.#setTime(await this.#directory(parent), name, time);
    }
  }

  async #take(entry: TarEntry): Promise<void> {
    const path = cleanLayerPath(entry.name);
    if (path === '.') {
      if (entry.type === 'directory') return;
      throw invalid('.', 'is to take the place of the directory it is unpacked into');
    }
    this.#entries += 1;
    // A new file's fsync(2) brings its name to the disk as well, on every file system that storage drivers use.
    if (entry.type !== 'file' || this.#entries > FEW) this.#isUnsynced = true;
    if (entry.type === 'hardlink') return this.#takeHardLink(path, entry);
    const { parent, name } = splitLayerPath(path);
    const directory = await this.#directory(parent);
    const present = await entryAt(directory, name);
    // A directory is merged with the one that is there.
    if (entry.type === 'directory' && present?.isDirectory()) return this.#settleDirectory(directory, name, path, entry);
    if (present !== undefined) await this.#clear(directory, name, present, path, entry);
    await this.#make(directory, name, path, entry);
  }

  async #takeHardLink(path: string, entry: TarEntry): Promise<void> {
    const target = splitLayerPath(cleanLayerPath(entry.linkName));
    const shown = JSON.stringify(entry.linkName.slice(0, 200));
    // Held apart: the way to the entry leaves that to its target.
    const from = await openFile(pathOf(await this.#directory(target.parent)), O_PATH | constants.O_DIRECTORY);
    try {
      const linked = await entryAt(from, target.name);
      if (linked === undefined) throw invalid(path, `is a hard link to ${shown}, which is not there`);
      if (linked.isDirectory()) throw invalid(path, `is a hard link to ${shown}, a directory`);
      const { parent, name } = splitLayerPath(path);
      const directory = await this.#directory(parent);
      const present = await entryAt(directory, name);
      if (present?.dev === linked.dev && present.ino === linked.ino) return;
      if (present !== undefined) await this.#clear(directory, name, present, path, entry);
      if (linked.isSymbolicLink()) this.#rememberLink(path);
      await link(pathOf(from, target.name), pathOf(directory, name));
    } finally {
      await closeFile(from);
    }
  }

  /** Makes room for an entry. */
  async #clear(directory: number, name: string, present: BigIntStats, path: string, entry: TarEntry): Promise<void> {
    const [was, is] = [present.isDirectory(), entry.type === 'directory'];
    if (this.#parts.keepKinds && was !== is) {
      const what = was ? 'overwrite directory with non-directory' : 'overwrite non-directory with directory';
      throw new ShiplogError('REQUEST_INVALID', `cannot ${what}: ${path}`, { path });
    }
    await this.#goBack(1, path);
    this.#links.delete(path);
    if (!was) return unlink(pathOf(directory, name));
    await removeTree(directory, name, present.dev, 0);
    for (const known of [this.#links, this.#directoryTimes]) {
      for (const one of known.keys()) if (one === path || one.startsWith(`${path}/`)) known.delete(one);
    }
  }

  async #make(directory: number, name: string, path: string, entry: TarEntry): Promise<void> {
    switch (entry.type) {
      case 'file':
        return this.#makeFile(directory, name, entry);
      case 'directory':
        await mkdir(pathOf(directory, name), 0o700);
        return this.#settleDirectory(directory, name, path, entry);
      case 'symlink':
        if (entry.linkName === '') throw invalid(path, 'is a symbolic link to nothing');
        this.#rememberLink(path);
        await symlink(entry.linkName, pathOf(directory, name));
        return this.#settleNode(directory, name, entry, false);
      case 'char':
      case 'block':
      case 'fifo': {
        const device = entry.type === 'fifo' ? {} : { major: entry.major, minor: entry.minor };
        await this.#parts.kernel.files.mknod(pathOf(directory, name), { type: entry.type, mode: entry.mode, ...device });
        return this.#settleNode(directory, name, entry, true);
      }
    }
  }

  async #makeFile(directory: number, name: string, entry: TarEntry): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await openFile(pathOf(directory, name), flags, 0o600);
    try {
      await writeContent(file, entry.content, (chunk) => {
        throwIfAborted(this.#parts.signal);
        this.#bytes += chunk.byteLength;
      });
      await this.#settle(file, entry);
      await this.#setTime(directory, name, entry.mtimeNs);
      if (this.#entries <= FEW) await synced(file);
    } finally {
      await closeFile(file);
    }
  }

  async #settleDirectory(directory: number, name: string, path: string, entry: TarEntry): Promise<void> {
    this.#refuseTooMany(path);
    const made = await openDirectory(pathOf(directory, name));
    try {
      await this.#settle(made, entry);
    } finally {
      await closeFile(made);
    }
    this.#directoryTimes.set(path, entry.mtimeNs);
  }

  /** Owner, attributes and mode of an open file or directory. */
  async #settle(file: number, entry: TarEntry): Promise<void> {
    // chown(2) drops setuid bits and file capabilities, so it comes first.
    const { uid, gid } = this.#parts.owner ?? entry;
    await changeOwner(file, uid, gid);
    for (const [name, value] of entry.xattrs) {
      if (name !== 'security.capability' && !name.startsWith('user.')) continue;
      try {
        await this.#parts.kernel.files.setXattr(file, name, value);
      } catch (error) {
        // The file system has none, or not for such a file: Docker leaves them out as well.
        if (!['ENOTSUP', 'EOPNOTSUPP', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
      }
    }
    await changeMode(file, entry.mode);
  }

  /** Of what is not opened: by a descriptor of the place, so that nothing else gets the owner. */
  async #settleNode(directory: number, name: string, entry: TarEntry, hasMode: boolean): Promise<void> {
    const place = await openEntry(directory, name);
    if (place === undefined) return;
    try {
      const { uid, gid } = this.#parts.owner ?? entry;
      await chown(pathOf(place), uid, gid);
      if (hasMode) await chmod(pathOf(place), entry.mode);
    } finally {
      await closeFile(place);
    }
    await this.#setTime(directory, name, entry.mtimeNs);
  }

  async #setTime(directory: number, name: string, time: bigint): Promise<void> {
    try {
      await this.#parts.kernel.files.setTimes(pathOf(directory, name), time, time);
    } catch (error) {
      // A process took it away.
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }

  /** The directory at a clean path of the archive, made where it is missing. The answer is held until another is asked for. */
  async #directory(path: string): Promise<number> {
    const isOn = (step: Step): boolean => step.path === '.' || step.path === path || path.startsWith(`${step.path}/`);
    const known = this.#way.findLastIndex(isOn);
    await this.#goBack(known + 1);
    const { path: from, fd } = this.#way[known]!;
    const names = (from === '.' ? path : path.slice(from.length + 1)).split('/').filter((name) => name !== '' && name !== '.');
    let [at, current] = [from, fd];
    for (const name of names) {
      at = at === '.' ? name : `${at}/${name}`;
      current = await this.#enter(current, name, at);
      this.#way.push({ path: at, fd: current });
    }
    return current;
  }

  async #enter(directory: number, name: string, path: string): Promise<number> {
    const place = (await openEntry(directory, name)) ?? (await this.#makeOnTheWay(directory, name));
    const stats = await statOf(place);
    if (stats.isDirectory()) return place;
    await closeFile(place);
    if (!stats.isSymbolicLink()) throw invalid(path, 'is not a directory, but entries lie beneath it');
    if (this.#links.has(path)) {
      throw new ShiplogError('ARCHIVE_ESCAPES', `the archive has entries beneath a symbolic link of its own: ${JSON.stringify(path)}`, {
        path,
      });
    }
    const behind = await this.#parts.kernel.trees.open(this.#parts.tree, posix.join(await this.#placeOf(directory), name), {
      follow: true,
    });
    if (behind === undefined) throw invalid(path, 'is a symbolic link to nothing, but entries lie beneath it');
    if ((await statOf(behind)).isDirectory()) return behind;
    await closeFile(behind);
    throw invalid(path, 'is a symbolic link to no directory, but entries lie beneath it');
  }

  async #makeOnTheWay(directory: number, name: string): Promise<number> {
    await mkdir(pathOf(directory, name), 0o755);
    const made = await openDirectory(pathOf(directory, name));
    await changeMode(made, 0o755);
    if (this.#parts.owner !== undefined) await changeOwner(made, this.#parts.owner.uid, this.#parts.owner.gid);
    return made;
  }

  /** Where a directory is in the container now. */
  #placeOf(directory: number): Promise<string> {
    return readlink(pathOf(directory));
  }

  /** Leaves the way behind the first `length` steps, or before the first step that is at or beneath `path`. */
  async #goBack(length: number, path?: string): Promise<void> {
    const gone = (step: Step): boolean => path === undefined || step.path === path || step.path.startsWith(`${path}/`);
    const from = this.#way.findIndex((step, index) => index >= length && gone(step));
    if (from === -1) return;
    for (const step of this.#way.splice(from)) await closeFile(step.fd);
  }

  #rememberLink(path: string): void {
    this.#refuseTooMany(path);
    this.#links.add(path);
  }

  #refuseTooMany(path: string): void {
    if (this.#links.size + this.#directoryTimes.size < REMEMBERED_LIMIT) return;
    throw invalid(path, `comes after ${REMEMBERED_LIMIT} directories and links; unpack the archive in parts`);
  }
}

async function entryAt(directory: number, name: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(pathOf(directory, name), { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Deletes a directory with all in it, by names that are not followed. What is mounted in it is no part of it: EBUSY, before anything there is gone. */
async function removeTree(directory: number, name: string, device: bigint, depth: number): Promise<void> {
  const at = pathOf(directory, name);
  refuseTooDeep(depth, name);
  const held = await openDirectory(at);
  try {
    if ((await statOf(held)).dev !== device) {
      throw new ShiplogError('KERNEL_CALL_FAILED', `a directory that is to be replaced has something mounted in it: ${name}`, {
        call: 'rmdir',
        errno: 'EBUSY',
      });
    }
    for await (const entry of await opendir(pathOf(held))) {
      const child = await entryAt(held, entry.name);
      if (child?.isDirectory()) await removeTree(held, entry.name, device, depth + 1);
      else if (child !== undefined) await unlink(pathOf(held, entry.name));
    }
  } finally {
    await closeFile(held);
  }
  await rmdir(at);
}

function translated(error: unknown): unknown {
  if (errnoOf(error) === 'EROFS') {
    return new ShiplogError('PATH_READ_ONLY', 'the root file system or the volume is marked read-only', {}, { cause: error });
  }
  return ShiplogError.wrap(error, 'DRIVER_FAILED');
}

function invalid(path: string, problem: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the archive entry ${JSON.stringify(path.slice(0, 200))} ${problem}`, {
    entry: path.slice(0, 200),
  });
}
