import { type Kernel, type PathChange, ShiplogError } from '@shiplog/contracts';
import { closeFile, errnoOf, openDirectory, pathOf, throwIfAborted, TreeReader } from '@shiplog/driver-kit';
import { type TarEntryInput, WHITEOUT, whiteoutOf } from '@shiplog/oci';

/** What a path meets that somebody changes meanwhile. */
const CHANGED: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** A directory on the way, open. */
interface Opened {
  /** From the root, without a slash at either end; '' is the root. */
  readonly path: string;
  readonly directory: number;
}

export interface ChangeReading {
  readonly kernel: Kernel;
  /** A directory that somebody else may write to meanwhile, and who does is not trusted. */
  readonly tree: string;
  /** A directory before what is in it. */
  readonly changes: readonly PathChange[];
  readonly signal: AbortSignal;
}

/**
 * Reads what changed in a tree as the tar entries of a layer, as {@link TreeReader} does. Directories are opened one below the other and never through a link,
 * so that nothing outside the tree is read whatever is put into a path's way. What was no directory when it was told has nothing beneath it, though it be one
 * again a moment later.
 *
 * Throws ARCHIVE_INVALID for a name that a layer would take for a deletion, or CANCELED.
 */
export async function* changedEntries({ kernel, tree, changes, signal }: ChangeReading): AsyncGenerator<TarEntryInput, void, undefined> {
  const opened: Opened[] = [{ path: '', directory: await openDirectory(tree) }];
  const reader = new TreeReader({ kernel, xattrs: 'all' });
  /** What was told last that is no directory, or was gone. */
  let leaf: string | undefined;
  try {
    for (const { path: absolute, kind } of changes) {
      throwIfAborted(signal);
      const path = absolute.slice(1);
      if (leaf !== undefined && path.startsWith(`${leaf}/`)) continue;
      const cut = path.lastIndexOf('/');
      const [parent, name] = [path.slice(0, Math.max(cut, 0)), path.slice(cut + 1)];
      if (kind === 'deleted') {
        yield whiteoutOf(path);
        continue;
      }
      if (name.startsWith(WHITEOUT))
        throw new ShiplogError('ARCHIVE_INVALID', `${absolute} cannot be in a layer: its name would delete something there`, {
          path: absolute,
        });
      const directory = await enter(opened, parent);
      leaf = path;
      if (directory === undefined) continue;
      for await (const entry of reader.alone({ directory, name }, path)) {
        if (entry.type === 'directory') leaf = undefined;
        yield entry;
      }
    }
  } finally {
    for (const { directory } of opened) await closeFile(directory);
  }
}

/** Opens a directory by the ones above it; those that are not on the way any more are closed. Undefined where there is none any more. */
async function enter(opened: Opened[], path: string): Promise<number | undefined> {
  const isAbove = (one: Opened): boolean => one.path === '' || path === one.path || path.startsWith(`${one.path}/`);
  for (let last = opened.at(-1); last !== undefined && !isAbove(last); last = opened.at(-1)) {
    opened.pop();
    await closeFile(last.directory);
  }
  let at = opened.at(-1)!;
  const rest = path.slice(at.path === '' ? 0 : at.path.length + 1);
  try {
    for (const name of rest === '' ? [] : rest.split('/')) {
      const directory = await openDirectory(pathOf(at.directory, name));
      at = { path: at.path === '' ? name : `${at.path}/${name}`, directory };
      opened.push(at);
    }
  } catch (error) {
    if (CHANGED.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  return at.directory;
}
