import type { Operation } from './operation.ts';

/** A file's content: as written, and as of its last sync. `version` tells contents apart without comparing them. */
interface SimulatedFile {
  readonly id: number;
  bytes: Buffer;
  /** Bytes in use; `bytes` has room for more. */
  size: number;
  version: number;
  synced: Buffer;
  syncedVersion: number;
  /** Ranges written since the last sync, in order. */
  pending: { readonly at: number; readonly length: number }[];
}

/** Names of files and, as `undefined`, of directories. */
type Names = Map<string, SimulatedFile | undefined>;

/** What a disk may hold after a crash. Equal `key`s are equal contents. */
export interface DiskState {
  readonly key: string;
  readonly directories: readonly string[];
  readonly files: readonly { readonly path: string; readonly bytes: Buffer }[];
}

/** Disks write sectors whole (SCSI and ATA have 512 bytes, or more). */
const SECTOR = 512;

/**
 * A file system as ext4 in its default mode leaves it (`data=ordered`): a file's bytes are safe from its own sync on; names
 * (creation, renaming, removal) are safe from the next sync of anything on, in order, since every sync commits the journal.
 */
export class SimulatedDisk {
  #names: Names = new Map();
  #safeNames: Names = new Map();
  #files = 0;

  apply(operation: Operation): void {
    switch (operation.type) {
      case 'create':
        return this.#create(operation.path, operation.truncate);
      case 'write':
        return this.#write(operation.path, operation.bytes, operation.at);
      case 'resize':
        return this.#resize(operation.path, operation.size);
      case 'sync':
        return this.#sync(operation.path);
      case 'rename':
        this.#names.set(operation.to, this.#names.get(operation.path));
        this.#names.delete(operation.path);
        return;
      case 'mkdir':
        this.#names.set(operation.path, undefined);
        return;
      case 'unlink':
      case 'rmdir':
        this.#names.delete(operation.path);
    }
  }

  /** After kill -9: the kernel has everything. */
  written(): DiskState {
    return state(this.#names, (file) => ({ key: `${file.version}`, bytes: file.bytes.subarray(0, file.size) }));
  }

  /** After power loss, with nothing on disk but what had to be. */
  synced(): DiskState {
    return state(this.#safeNames, (file) => ({ key: `${file.syncedVersion}`, bytes: file.synced }));
  }

  /**
   * After power loss that cut what was under way: of the bytes written since the last sync only the first sectors are there;
   * `share`, from 0 to 1, says how many of them. With `zeroed`, the file has its later length already, and zeros in the rest.
   */
  torn(share: number, zeroed: boolean): DiskState {
    return state(this.#safeNames, (file) => {
      if (file.pending.length === 0) return { key: `${file.syncedVersion}`, bytes: file.synced };
      return { key: `${file.version}t${share}${zeroed ? 'z' : ''}`, bytes: tear(file, share, zeroed) };
    });
  }

  /** Whether {@link torn} can differ from {@link synced}. */
  get hasPending(): boolean {
    for (const file of this.#safeNames.values()) if (file !== undefined && file.pending.length > 0) return true;
    return false;
  }

  #create(path: string, truncate: boolean): void {
    const known = this.#names.get(path);
    if (known === undefined) {
      this.#files += 1;
      const empty = Buffer.alloc(0);
      this.#names.set(path, { id: this.#files, bytes: empty, size: 0, version: 0, synced: empty, syncedVersion: 0, pending: [] });
    } else if (truncate) this.#resize(path, 0);
  }

  #write(path: string, bytes: Buffer, at?: number): void {
    const file = this.#names.get(path);
    // LevelDB goes on with its diary for a moment after it was removed.
    if (file === undefined) return;
    const start = at ?? file.size;
    const end = start + bytes.length;
    if (end > file.bytes.length) {
      const grown = Buffer.alloc(Math.max(end, file.bytes.length * 2));
      file.bytes.copy(grown, 0, 0, file.size);
      file.bytes = grown;
    }
    bytes.copy(file.bytes, start);
    file.size = Math.max(file.size, end);
    file.version += 1;
    file.pending.push({ at: start, length: bytes.length });
  }

  #resize(path: string, size: number): void {
    const file = this.#names.get(path);
    if (file === undefined) return;
    const resized = Buffer.alloc(size);
    file.bytes.copy(resized, 0, 0, Math.min(size, file.size));
    Object.assign(file, { bytes: resized, size, version: file.version + 1 });
    // A shorter length is a change of names' kind: ordered by the journal, and safe with the next sync of the file.
    file.pending.push({ at: 0, length: size });
  }

  #sync(path: string): void {
    const file = this.#names.get(path);
    if (file !== undefined) {
      Object.assign(file, { synced: Buffer.from(file.bytes.subarray(0, file.size)), syncedVersion: file.version, pending: [] });
    }
    this.#safeNames = new Map(this.#names);
  }
}

function tear(file: SimulatedFile, share: number, zeroed: boolean): Buffer {
  const pending = file.pending.reduce((sum, { length }) => sum + length, 0);
  let left = Math.floor((pending * share) / SECTOR) * SECTOR;
  const torn = Buffer.alloc(zeroed ? file.size : Math.max(file.synced.length, reached(file, left)));
  file.synced.copy(torn, 0, 0, torn.length);
  for (const { at, length } of file.pending) {
    const kept = Math.min(length, left);
    file.bytes.copy(torn, at, at, Math.min(at + kept, file.size));
    left -= kept;
  }
  return torn;
}

/** The end of the last byte that `left` bytes of what is pending reach. */
function reached(file: SimulatedFile, left: number): number {
  let end = 0;
  for (const { at, length } of file.pending) {
    if (left <= 0) break;
    end = Math.max(end, at + Math.min(length, left));
    left -= length;
  }
  return Math.min(end, file.size);
}

function state(names: Names, content: (file: SimulatedFile) => { readonly key: string; readonly bytes: Buffer }): DiskState {
  const directories: string[] = [];
  const files: { path: string; bytes: Buffer }[] = [];
  const keys: string[] = [];
  for (const [path, file] of names) {
    if (file === undefined) {
      directories.push(path);
      keys.push(path);
      continue;
    }
    const { key, bytes } = content(file);
    files.push({ path, bytes });
    keys.push(`${path}=${file.id}.${key}`);
  }
  return { key: keys.toSorted().join('\n'), directories, files };
}
