import { closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs';
import type { EntryStats } from '@shiplog/contracts';
import { kernelError, errnoOf } from './kernel-error.ts';

/** What is told of an entry, in this order. */
export const FIELDS = [
  'dev',
  'ino',
  'mode',
  'nlink',
  'uid',
  'gid',
  'rdev',
  'size',
  'mtimeNs',
  'ctimeNs',
] as const satisfies readonly (keyof EntryStats)[];

/** Entries that are told together: a few milliseconds' work. */
const BATCH = 512;

/** What a name meets that goes, or becomes something else, meanwhile. */
const CHANGED: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP'];

/** Entries as they cross threads: numbers in a row do so faster than objects. */
export interface Walked {
  /** Relative to the root, without a slash at either end. */
  readonly paths: readonly string[];
  /** {@link FIELDS} of each; zeros of one whose name is not UTF-8. */
  readonly numbers: BigInt64Array;
  readonly done: boolean;
}

/** A directory that is open, and what of it is still to be told. */
interface Level {
  readonly fd: number;
  /** '' or a path with a slash at its end. */
  readonly prefix: string;
  readonly names: readonly string[];
  next: number;
}

/** A walk under way; see TreeCalls.walk. Each entry is looked at by its name in a directory that is open. */
export class Walk {
  readonly #levels: Level[] = [];
  readonly #depth: number;

  constructor(root: string, depth: number) {
    this.#depth = depth;
    this.#enter(openSync(root, constants.O_RDONLY | constants.O_DIRECTORY), '');
  }

  on(limit = BATCH): Walked {
    const paths: string[] = [];
    const numbers = new BigInt64Array(limit * FIELDS.length);
    for (let level = this.#levels.at(-1); level !== undefined && paths.length < limit; level = this.#levels.at(-1)) {
      const name = level.names[level.next++];
      if (name === undefined) {
        this.#levels.pop();
        closeSync(level.fd);
        continue;
      }
      const at = `/proc/self/fd/${level.fd}/${name}`;
      const stats = unlessChanged(() => lstatSync(at, { bigint: true }));
      // Another name than was read: half of a character stood there.
      if (stats === undefined && !name.includes('\uFFFD')) continue;
      const path = `${level.prefix}${name}`;
      if (stats !== undefined) for (const [field, key] of FIELDS.entries()) numbers[paths.length * FIELDS.length + field] = stats[key];
      paths.push(path);
      if (stats?.isDirectory() === true && this.#levels.length < this.#depth) {
        const fd = unlessChanged(() => openSync(at, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
        if (fd !== undefined) this.#enter(fd, `${path}/`);
      }
    }
    return { paths, numbers: numbers.subarray(0, paths.length * FIELDS.length), done: this.#levels.length === 0 };
  }

  end(): void {
    for (const { fd } of this.#levels.splice(0)) closeSync(fd);
  }

  #enter(fd: number, prefix: string): void {
    const names = unlessChanged(() => readdirSync(`/proc/self/fd/${fd}`)) ?? [];
    this.#levels.push({ fd, prefix, names: names.toSorted(), next: 0 });
  }
}

function unlessChanged<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (CHANGED.includes(errnoOf(error))) return undefined;
    throw error;
  }
}

/** Walks that were begun in this thread, by numbers that no other thread's have. */
const walks = new Map<number, Walk>();

/** What runs in a kernel thread. */
export const walkOps = {
  beginWalk(id: number, root: string, depth: number): void {
    walks.set(id, new Walk(root, depth));
  },

  walkOn(id: number): Walked {
    const walk = walks.get(id);
    // It was begun in a thread that ended since.
    if (walk === undefined) throw kernelError('walk', 'EBADF', { walk: id });
    return walk.on();
  },

  endWalk(id: number): void {
    walks.get(id)?.end();
    walks.delete(id);
  },
};
