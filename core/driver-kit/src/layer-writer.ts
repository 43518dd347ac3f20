import { type Stats, constants } from 'node:fs';
import { chmod, lchown, link, lstat, mkdir, open, readdir, rm, symlink, unlink } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import type { LayerEntry } from '@shiplog/oci';
import { throwIfAborted } from './abort.ts';
import { errnoOf } from './errno.ts';
import { WorkPool } from './work-pool.ts';
import { writeContent } from './write-content.ts';

/**
 * How the deletions of a layer are written. `remove`: `root` already shows the parent, so they are done at once.
 * `overlay`: `root` holds the layer alone, so they are left as marks for overlayfs to read (kernel documentation,
 * filesystems/overlayfs, "whiteouts and opaque directories"): a character device 0:0, and `trusted.overlay.opaque`.
 */
export type WhiteoutMode = 'remove' | 'overlay';

export interface LayerWrite {
  readonly kernel: Kernel;
  /** An existing directory that nobody else writes to meanwhile. */
  readonly root: string;
  readonly entries: AsyncIterable<LayerEntry>;
  readonly whiteouts: WhiteoutMode;
  readonly signal?: AbortSignal;
}

export interface LayerWritten {
  /** Bytes of regular files in the layer. */
  readonly bytes: number;
  /** Entries written, deletions not counted. */
  readonly entries: number;
  /** Names of extended attributes that the file system of `root` cannot hold; they were left out. */
  readonly unsupportedXattrs: readonly string[];
}

/** Files up to this size are held in memory and written side by side; larger ones are streamed one at a time. */
const SMALL_FILE_BYTES = 128 * 1024;

/** Pieces of work under way at a time; libuv has four threads, the rest waits ready. */
const PARALLEL_WRITES = 12;

/**
 * Writes the entries of one layer beneath `root`, durably: when it resolves, the file system has been synced.
 *
 * Nothing is written outside `root`, whatever the layer holds: directories on the way are resolved as if `root` were
 * `/`, and the last component is never followed. Everything an entry says is kept: owner, all twelve mode bits, times in
 * nanoseconds, extended attributes (but overlayfs's own, which would steer the mount), devices, fifos and hard links.
 * An entry replaces what has its name, except that a directory merges with a directory. Deletions concern what was there
 * before, never what the same layer brings, in whichever order they come (OCI image-spec, layer.md, "Whiteouts").
 *
 * Fails ARCHIVE_ESCAPES or ARCHIVE_INVALID for what no honest layer holds, DISK_FULL, CANCELED, or DRIVER_FAILED. What
 * is under `root` is then worthless, and nothing writes to it any more.
 */
export async function applyLayer(write: LayerWrite): Promise<LayerWritten> {
  const writer = new LayerWriter(write);
  try {
    await writer.begin();
    for await (const entry of write.entries) {
      throwIfAborted(write.signal);
      await writer.write(entry);
    }
    return await writer.finish();
  } catch (error) {
    throw ShiplogError.wrap(error, 'DRIVER_FAILED', { root: write.root });
  } finally {
    await writer.settle();
  }
}

class LayerWriter {
  readonly #kernel: Kernel;
  readonly #root: string;
  readonly #whiteouts: WhiteoutMode;
  readonly #signal: AbortSignal | undefined;
  readonly #pool = new WorkPool(PARALLEL_WRITES);
  /** Small files not yet written, by real path. */
  readonly #pending = new Map<string, Promise<void>>();
  /** Real directories by their path in the layer. Emptied when something is replaced or deleted. */
  readonly #directories = new Map<string, string>();
  /** Real paths this layer brought, with the directories above them. */
  readonly #brought = new Set<string>();
  /** Real directories this layer made: what is in them, it brought. Saves looking. */
  readonly #made = new Set<string>();
  /** Real paths of the whiteout marks this layer left. */
  readonly #marks = new Set<string>();
  /** Real directories and the time they get at the end, once nothing is made in them any more. */
  readonly #directoryTimes = new Map<string, bigint>();
  readonly #unsupportedXattrs = new Set<string>();
  #bytes = 0;
  #entries = 0;

  constructor(write: LayerWrite) {
    this.#kernel = write.kernel;
    this.#root = write.root;
    this.#whiteouts = write.whiteouts;
    this.#signal = write.signal;
    this.#directories.set('', write.root);
    this.#brought.add(write.root);
  }

  async begin(): Promise<void> {
    if ((await readdir(this.#root)).length === 0) this.#made.add(this.#root);
  }

  async write(entry: LayerEntry): Promise<void> {
    const path = insideRoot(entry.path, entry.path);
    if (isWhiteout(entry)) return this.#delete(path);
    if (entry.kind === 'opaque') return this.#makeOpaque(path);
    this.#entries += 1;
    if (path === '') return this.#writeRoot(entry);
    const directory = await this.#directory(dirOf(path));
    const at = join(directory, basename(path));
    await this.#pending.get(at);
    if (entry.kind === 'hardlink') return this.#writeHardLink(at, entry);
    const present = this.#made.has(directory) && !this.#brought.has(at) ? undefined : await find(at);
    if (entry.kind === 'directory') return this.#writeDirectory(at, entry, present);
    if (present !== undefined) await this.#remove(at, present);
    this.#markBrought(at);
    switch (entry.kind) {
      case 'file':
        return this.#writeFile(at, entry);
      case 'symlink':
        return this.#writeSymlink(at, entry);
      case 'char':
      case 'block':
      case 'fifo':
        return this.#writeNode(at, entry, entry.kind);
      default:
        throw invalid(entry.path, `is of the unknown kind ${entry.kind}`);
    }
  }

  /** Waits for all writes, sets the times of directories, and syncs. */
  async finish(): Promise<LayerWritten> {
    await this.#pool.drain();
    for (const [directory, time] of this.#directoryTimes) await this.#kernel.files.setTimes(directory, time, time);
    throwIfAborted(this.#signal);
    await this.#kernel.files.syncFilesystem(this.#root);
    return { bytes: this.#bytes, entries: this.#entries, unsupportedXattrs: [...this.#unsupportedXattrs].toSorted() };
  }

  async settle(): Promise<void> {
    await this.#pool.settle();
  }

  async #writeRoot(entry: LayerEntry): Promise<void> {
    if (entry.kind !== 'directory') throw invalid(entry.path, 'replaces the root directory');
    await this.#setAttributes(this.#root, entry);
    this.#directoryTimes.set(this.#root, entry.mtimeNs);
  }

  async #writeFile(at: string, entry: LayerEntry): Promise<void> {
    this.#bytes += entry.size;
    if (entry.size > SMALL_FILE_BYTES) return this.#createFile(at, entry, entry.content ?? []);
    // The stream goes on only when this content has been taken, so it is read here and written in its own time.
    const content: Uint8Array[] = [];
    for await (const chunk of entry.content ?? []) content.push(chunk);
    const { ended } = await this.#pool.start(() => this.#createFile(at, entry, content));
    this.#pending.set(at, ended);
    void ended.then(() => this.#pending.delete(at));
  }

  async #createFile(at: string, entry: LayerEntry, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const file = await open(at, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      await writeContent(file.fd, content, () => throwIfAborted(this.#signal));
      // chown(2) drops setuid bits and file capabilities, so it comes first.
      await file.chown(entry.uid, entry.gid);
      await this.#setXattrs(at, entry);
      await file.chmod(entry.mode & 0o7777);
    } finally {
      await file.close();
    }
    await this.#kernel.files.setTimes(at, entry.mtimeNs, entry.mtimeNs);
  }

  async #writeDirectory(at: string, entry: LayerEntry, present: Stats | undefined): Promise<void> {
    if (present === undefined || !present.isDirectory()) {
      const hides = this.#marks.has(at);
      if (present !== undefined) await this.#remove(at, present);
      await this.#makeDirectory(at, 0o700, hides);
    }
    this.#markBrought(at);
    await this.#setAttributes(at, entry);
    this.#directoryTimes.set(at, entry.mtimeNs);
  }

  async #writeSymlink(at: string, entry: LayerEntry): Promise<void> {
    if (entry.linkTarget === undefined || entry.linkTarget === '') throw invalid(entry.path, 'is a symbolic link to nothing');
    await symlink(entry.linkTarget, at);
    await lchown(at, entry.uid, entry.gid);
    await this.#setXattrs(at, entry);
    await this.#kernel.files.setTimes(at, entry.mtimeNs, entry.mtimeNs);
  }

  async #writeHardLink(at: string, entry: LayerEntry): Promise<void> {
    if (entry.linkTarget === undefined) throw invalid(entry.path, 'is a hard link to nothing');
    const target = insideRoot(entry.linkTarget, entry.path);
    const directory = await this.#existingDirectory(dirOf(target));
    const from = directory === undefined ? undefined : join(directory, basename(target));
    if (from !== undefined) await this.#pending.get(from);
    const linked = from === undefined ? undefined : await find(from);
    if (from === undefined || linked === undefined) throw invalid(entry.path, `is a hard link to ${target}, which is not there`);
    if (linked.isDirectory()) throw invalid(entry.path, `is a hard link to ${target}, a directory`);
    const present = await find(at);
    // Two names of one file already (link(2) would say EEXIST), or one name linked to itself.
    if (present !== undefined && present.ino === linked.ino && present.dev === linked.dev) return this.#markBrought(at);
    if (present !== undefined) await this.#remove(at, present);
    this.#markBrought(at);
    await link(from, at);
  }

  async #writeNode(at: string, entry: LayerEntry, type: 'char' | 'block' | 'fifo'): Promise<void> {
    const device = type === 'fifo' ? {} : { major: entry.major ?? 0, minor: entry.minor ?? 0 };
    await this.#kernel.files.mknod(at, { type, mode: entry.mode & 0o7777, ...device });
    await this.#setAttributes(at, entry);
    await this.#kernel.files.setTimes(at, entry.mtimeNs, entry.mtimeNs);
  }

  /** A whiteout of `path`: what lower layers have there is gone. */
  async #delete(path: string): Promise<void> {
    if (path === '') throw invalid(path, 'deletes the root directory');
    await this.#pool.drain();
    if (this.#whiteouts === 'remove') {
      const directory = await this.#existingDirectory(dirOf(path));
      if (directory === undefined) return;
      const at = join(directory, basename(path));
      if (this.#brought.has(at)) return this.#removeOlder(at);
      const older = await find(at);
      return older === undefined ? undefined : this.#remove(at, older);
    }
    const at = join(await this.#directory(dirOf(path)), basename(path));
    const present = await find(at);
    if (present?.isDirectory()) return this.#setOpaque(at);
    if (present !== undefined) return;
    this.#markBrought(at);
    this.#marks.add(at);
    await this.#kernel.files.mknod(at, { type: 'char', mode: 0, major: 0, minor: 0 });
  }

  /** An opaque mark: of what lower layers have in the directory, nothing shows. */
  async #makeOpaque(path: string): Promise<void> {
    await this.#pool.drain();
    if (this.#whiteouts === 'overlay') return this.#setOpaque(await this.#directory(path));
    const directory = await this.#existingDirectory(path);
    if (directory !== undefined) await this.#removeOlder(directory);
  }

  /** Deletes beneath the directory `at` what this layer did not bring. */
  async #removeOlder(at: string): Promise<void> {
    if ((await find(at))?.isDirectory() !== true) return;
    for (const name of await readdir(at)) {
      const child = join(at, name);
      const older = this.#brought.has(child) ? undefined : await find(child);
      await (older === undefined ? this.#removeOlder(child) : this.#remove(child, older));
    }
  }

  /** Deletes what is at `at`, and what is remembered about it. */
  async #remove(at: string, present: Stats): Promise<void> {
    if (present.isDirectory()) return this.#removeTree(at);
    await unlink(at);
    this.#marks.delete(at);
    // Paths may have been resolved through it.
    if (present.isSymbolicLink()) this.#forgetDirectories();
  }

  async #removeTree(at: string): Promise<void> {
    await this.#pool.drain();
    await rm(at, { recursive: true, force: true });
    this.#forgetDirectories();
    const gone = (path: string): boolean => path === at || path.startsWith(`${at}/`);
    for (const known of [this.#directoryTimes, this.#brought, this.#made, this.#marks]) {
      for (const path of known.keys()) if (gone(path)) known.delete(path);
    }
  }

  #forgetDirectories(): void {
    this.#directories.clear();
    this.#directories.set('', this.#root);
  }

  /** The real directory that `path` names in the tree, made where it is missing. */
  async #directory(path: string): Promise<string> {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const at = join(await this.#directory(dirOf(path)), basename(path));
    await this.#pending.get(at);
    const present = await find(at);
    let real = at;
    if (present === undefined) {
      await this.#makeDirectory(at, 0o755, false);
    } else if (present.isSymbolicLink()) {
      const behind = await this.#resolveLink(path);
      if (behind === undefined) throw invalid(path, 'is a symbolic link that leads to no directory of the layer');
      real = behind;
    } else if (!present.isDirectory()) {
      if (!this.#marks.has(at)) throw invalid(path, 'is not a directory, but entries lie beneath it');
      await this.#remove(at, present);
      await this.#makeDirectory(at, 0o755, true);
    }
    this.#directories.set(path, real);
    return real;
  }

  /** The real directory that `path` names in the tree; undefined where there is none. */
  async #existingDirectory(path: string): Promise<string | undefined> {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const parent = await this.#existingDirectory(dirOf(path));
    if (parent === undefined) return undefined;
    const at = join(parent, basename(path));
    const present = await find(at);
    if (present?.isDirectory()) return at;
    return present?.isSymbolicLink() ? this.#resolveLink(path) : undefined;
  }

  /** The real directory behind a symbolic link; undefined where it leads to none, or round in circles. */
  async #resolveLink(path: string): Promise<string | undefined> {
    let real: string;
    try {
      real = await this.#kernel.files.resolveBeneath(this.#root, path);
    } catch (error) {
      if (errnoOf(error) === 'ELOOP' || (error instanceof ShiplogError && error.code === 'PATH_NOT_FOUND')) return undefined;
      throw error;
    }
    return (await find(real))?.isDirectory() === true ? real : undefined;
  }

  /** `hides`: in the place of a whiteout mark, a new directory must not let the lower one's content through. */
  async #makeDirectory(at: string, mode: number, hides: boolean): Promise<void> {
    await mkdir(at, mode);
    await chmod(at, mode);
    if (hides) await this.#setOpaque(at);
    this.#made.add(at);
    this.#markBrought(at);
  }

  #markBrought(at: string): void {
    for (let path = at; !this.#brought.has(path); path = dirname(path)) this.#brought.add(path);
  }

  async #setOpaque(directory: string): Promise<void> {
    await this.#kernel.files.setXattr(directory, 'trusted.overlay.opaque', Buffer.from('y'));
  }

  /** Owner, extended attributes and mode of anything that is not a symbolic link. */
  async #setAttributes(at: string, entry: LayerEntry): Promise<void> {
    await lchown(at, entry.uid, entry.gid);
    await this.#setXattrs(at, entry);
    await chmod(at, entry.mode & 0o7777);
  }

  async #setXattrs(at: string, entry: LayerEntry): Promise<void> {
    for (const [name, value] of entry.xattrs) {
      if (isOverlayXattr(name)) continue;
      try {
        await this.#kernel.files.setXattr(at, name, value);
      } catch (error) {
        const errno = errnoOf(error);
        if (errno !== 'ENOTSUP' && errno !== 'EOPNOTSUPP') throw error;
        this.#unsupportedXattrs.add(name);
      }
    }
  }
}

/** A character device 0:0 is overlayfs's own whiteout; a tar taken of an overlay's upper directory has them. */
function isWhiteout(entry: LayerEntry): boolean {
  return entry.kind === 'whiteout' || (entry.kind === 'char' && (entry.major ?? 0) === 0 && (entry.minor ?? 0) === 0);
}

function isOverlayXattr(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}

/** `path` clean and relative, '' for the root itself. */
function insideRoot(path: string, entry: string): string {
  if (path.includes('\0')) throw invalid(entry, 'has a zero byte in its name');
  const clean = normalize(path).replace(/^\/+/, '').replace(/\/+$/, '');
  if (clean === '..' || clean.startsWith('../')) {
    throw new ShiplogError('ARCHIVE_ESCAPES', `the layer entry ${JSON.stringify(entry)} leads out of the root by ${JSON.stringify(path)}`, {
      entry,
      path,
    });
  }
  return clean === '.' ? '' : clean;
}

function dirOf(path: string): string {
  const directory = dirname(path);
  return directory === '.' ? '' : directory;
}

async function find(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function invalid(path: string, problem: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the layer entry ${JSON.stringify(path)} ${problem}`, { entry: path });
}
