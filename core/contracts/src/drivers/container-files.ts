import type { ProcessRef } from '../state.ts';
import type { OperationContext } from './context.ts';

/** Where a container's files are: as its main process sees them now, or its root file system with what will be mounted in it. */
export type FileTree =
  | { readonly process: ProcessRef }
  | {
      /** Its root file system; what is mounted in it does not show. */
      readonly root: string;
      readonly readonly: boolean;
      /** In the order in which they are mounted. `target` is a path in the container, and is made where it is missing; `source` one on the host, made as a directory with `make`. */
      readonly mounts: readonly FileMount[];
    };

/** `unlessEmpty`: a source with nothing in it is left out, and what is beneath it shows: what a volume would get there at a start. */
export interface FileMount {
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
  readonly make?: boolean;
  readonly unlessEmpty?: boolean;
}

/** What is at a path of a container. */
export interface PathStat {
  /** The last name of the path that was asked for. */
  readonly name: string;
  readonly size: number;
  /** Type and permissions, as st_mode has them (inode(7)). */
  readonly mode: number;
  /** Nanoseconds since the epoch, decimal. */
  readonly modifiedAt: string;
  /** Where a symbolic link leads, as a path in the container, all links on the way followed; '' for anything else. */
  readonly linkTarget: string;
}

/** How an archive is taken in. */
export interface ExtractOptions {
  /** Refuse to replace a directory by something else, or something else by a directory. */
  readonly keepKinds: boolean;
  /** Whom all of it will belong to, `user[:group]` as the container knows them; the archive says so if absent. */
  readonly owner?: string;
  readonly signal?: AbortSignal;
}

/** What came of an archive. `bytes`: of regular files. */
export interface Extracted {
  readonly entries: number;
  readonly bytes: number;
}

/** One container's files, held until {@link OpenFiles.close}. */
export interface OpenFiles {
  /** Throws PATH_NOT_FOUND. */
  stat(path: string): Promise<PathStat>;
  /**
   * The file or directory at a path as a tar, its entries named after the last name of the path. A link at its end is told as a link, unless a `/` or `/.`
   * follows. Sockets are left out. Throws PATH_NOT_FOUND before the first byte.
   */
  archive(path: string): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }>;
  /** All of it as a tar. */
  export(): AsyncIterable<Uint8Array>;
  /**
   * Takes a tar in (plain, gzip, zstd, bzip2 or xz), beneath the directory at `path`. Nothing is written outside the container, whatever the archive holds and
   * whatever its processes do meanwhile. Throws PATH_NOT_FOUND, PATH_NOT_DIRECTORY, PATH_READ_ONLY, ARCHIVE_INVALID, ARCHIVE_ESCAPES, DISK_FULL or
   * CANCELED; the entries before the one that failed stay, as with Docker.
   */
  extract(path: string, archive: AsyncIterable<Uint8Array>, options: ExtractOptions): Promise<Extracted>;
  /** Lets go of them; streams under way end with an error. Repeating it is free. */
  close(): Promise<void>;
}

/**
 * Reads and writes files of containers from without. Driver kind `container-files`.
 *
 * Every path is resolved beneath the container's root (openat2(2), RESOLVE_IN_ROOT), and what was resolved is held by a descriptor: no link that a
 * process sets meanwhile leads out. Nothing is mounted where others see it, and all of it is gone with the engine's process.
 */
export interface ContainerFiles {
  /** Throws KERNEL_CALL_FAILED, as with ESRCH where the process is gone; nothing stays then. */
  open(tree: FileTree, ctx: OperationContext): Promise<OpenFiles>;
}
