import { type EntryStats, type Kernel, ShiplogError, type TreeEntry } from '@shiplog/contracts';
import { throwIfAborted } from './abort.ts';
import { DEPTH_LIMIT, refuseTooDeep } from './descriptor.ts';
import { isDirectory } from './entry-kind.ts';

/** How a path in a tree differs from what was there in another one. Paths begin with a slash, which is the tree's root. */
export interface TreeChange {
  readonly path: string;
  readonly kind: 'modified' | 'added' | 'deleted';
}

export interface TreeComparison {
  readonly kernel: Kernel;
  /** What it was; nothing at all if absent. */
  readonly base?: string | undefined;
  readonly tree: string;
  /** Paths that do not count when they were added, nor what is in them. */
  readonly ignore: ReadonlySet<string>;
  readonly signal: AbortSignal;
  /**
   * What was not changed has the time of change in both (the same inodes, or snapshots of them): then that alone tells, extended attributes and all. A
   * name that is not UTF-8 is refused, where else it is passed over.
   */
  readonly byChangeTime?: boolean;
}

/**
 * Every path that differs, a directory before what is in it. Compared by kind, mode, owner and device, and but for directories by length and time;
 * content is not read. A directory counts as modified also when something in it differs. What is in a deleted one is not listed by itself. Whoever uses the trees may go on,
 * and may work against it: nothing outside of them is looked at; a tree that changes meanwhile gives something in between.
 *
 * Throws ARCHIVE_INVALID for a name that is refused, NOT_SUPPORTED where directories lie too deep, CANCELED.
 */
export async function treeChanges(comparison: TreeComparison): Promise<readonly TreeChange[]> {
  const { kernel, base, tree, signal } = comparison;
  await using is = new Cursor(kernel.trees.walk(tree, DEPTH_LIMIT), signal);
  await using was = new Cursor(base === undefined ? nothing() : kernel.trees.walk(base, DEPTH_LIMIT), signal);
  return await new Comparing(comparison, is, was).within('', base !== undefined);
}

/** Two walks, both of which tell a directory's entries by the order of their names. */
class Comparing {
  readonly #comparison: TreeComparison;
  readonly #is: Cursor;
  readonly #was: Cursor;

  constructor(comparison: TreeComparison, is: Cursor, was: Cursor) {
    this.#comparison = comparison;
    this.#is = is;
    this.#was = was;
  }

  /** What differs in a directory, which is one in the base, too, or is not. */
  async within(directory: string, hasBase: boolean): Promise<readonly TreeChange[]> {
    const changes: TreeChange[] = [];
    for (;;) {
      const is = await this.#is.entryIn(directory);
      const was = hasBase ? await this.#was.entryIn(directory) : undefined;
      if (is === undefined && was === undefined) return changes;
      const isFirst = is !== undefined && (was === undefined || is.path <= was.path);
      const wasFirst = was !== undefined && (is === undefined || was.path <= is.path);
      if (isFirst) this.#is.take();
      if (wasFirst) this.#was.take();
      const before = wasFirst ? was.stats : undefined;
      if (isFirst) changes.push(...(await this.#changed(is, before)));
      else if (before !== undefined) changes.push({ path: `/${was!.path}`, kind: 'deleted' });
      // What a directory had that is none any more.
      if (wasFirst) await this.#was.passOver(was.path);
    }
  }

  /** What differs at an entry, and beneath it. */
  async #changed({ path: relative, stats: is }: TreeEntry, was: EntryStats | undefined): Promise<readonly TreeChange[]> {
    const { ignore, byChangeTime = false } = this.#comparison;
    const path = `/${relative}`;
    if (is === undefined) {
      if (byChangeTime) throw new ShiplogError('ARCHIVE_INVALID', `a name that is not UTF-8 cannot be in a layer: ${path}`, { path });
      return [];
    }
    if (was === undefined && ignore.has(path)) {
      await this.#is.passOver(relative);
      return [];
    }
    if (isDirectory(is)) refuseTooDeep(relative.split('/').length, path);
    const within = isDirectory(is) ? await this.within(relative, was !== undefined && isDirectory(was)) : [];
    if (was === undefined) return [{ path, kind: 'added' }, ...within];
    const isModified = within.length > 0 || differs(is, was) || (byChangeTime && is.ctimeNs !== was.ctimeNs);
    return isModified ? [{ path, kind: 'modified' }, ...within] : [];
  }
}

/** Where a walk is. */
class Cursor implements AsyncDisposable {
  readonly #batches: AsyncIterator<readonly TreeEntry[]>;
  readonly #signal: AbortSignal;
  #batch: readonly TreeEntry[] = [];
  #at = 0;
  #isDone = false;

  constructor(walk: AsyncIterable<readonly TreeEntry[]>, signal: AbortSignal) {
    this.#batches = walk[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** The next entry, if it is one of that directory. */
  async entryIn(directory: string): Promise<TreeEntry | undefined> {
    const entry = await this.#next();
    if (entry === undefined) return undefined;
    return entry.path.slice(0, Math.max(entry.path.lastIndexOf('/'), 0)) === directory ? entry : undefined;
  }

  take(): void {
    this.#at += 1;
  }

  /** Passes over all beneath a path. */
  async passOver(path: string): Promise<void> {
    for (let entry = await this.#next(); entry?.path.startsWith(`${path}/`) === true; entry = await this.#next()) this.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches.return?.();
  }

  async #next(): Promise<TreeEntry | undefined> {
    while (this.#at >= this.#batch.length && !this.#isDone) {
      throwIfAborted(this.#signal);
      const step = await this.#batches.next();
      [this.#batch, this.#at, this.#isDone] = [step.done === true ? [] : step.value, 0, step.done === true];
    }
    return this.#batch[this.#at];
  }
}

function differs(is: EntryStats, was: EntryStats): boolean {
  if (is.mode !== was.mode || is.uid !== was.uid || is.gid !== was.gid || is.rdev !== was.rdev) return true;
  return !isDirectory(is) && (is.size !== was.size || is.mtimeNs !== was.mtimeNs);
}

async function* nothing(): AsyncGenerator<readonly TreeEntry[], void, undefined> {}
