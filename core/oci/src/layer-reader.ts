import { ShiplogError } from '@shiplog/contracts';
import { cleanLayerPath, joinLayerPath, splitLayerPath } from './layer-path.ts';
import { readTar, type TarEntry, type TarOptions } from './tar-reader.ts';
import { WHITEOUT } from './whiteout.ts';

/**
 * What an entry of a layer does. `whiteout`: `path` of a lower layer is hidden, with all beneath it. `opaque`: directory
 * `path` hides what lower layers have in it (image-spec, layer.md).
 */
export type LayerEntryKind = 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo' | 'whiteout' | 'opaque';

/** One checked change that a layer makes. */
export interface LayerEntry {
  /** Clean and relative: no leading slash, no `.` or `..`; `.` alone is the root directory. */
  readonly path: string;
  readonly kind: LayerEntryKind;
  /** Permission bits with setuid, setgid and sticky (0 to 0o7777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  /** Symlink: the text, which may point anywhere and is to be resolved beneath the root. Hardlink: a clean relative path. */
  readonly linkTarget?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Files only. Read it before asking for the next entry; what is left unread is passed over. */
  readonly content?: AsyncIterable<Uint8Array>;
}

const WHITEOUT_META = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';
const SYMLINK_LIMIT_BYTES = 4095;
const XATTR_NAME_LIMIT_BYTES = 255;
const XATTR_VALUE_LIMIT_BYTES = 65_536;

/**
 * Reads an uncompressed layer as a checked stream of entries, in the archive's order. Reads `source` to its end.
 *
 * Throws ARCHIVE_ESCAPES when a path or hard link leaves the root, ARCHIVE_INVALID for a broken or cut tar and for names that
 * cannot be. What the caller must still guard: a symlink of this or a lower layer may stand where a later path goes through.
 * Extended attributes in `trusted.` are dropped, because on some file systems they say where a file's content comes from. So
 * are aufs's own entries (`.wh..wh.*`).
 */
export async function* readLayer(source: AsyncIterable<Uint8Array>, options: TarOptions = {}): AsyncGenerator<LayerEntry, void, undefined> {
  for await (const entry of readTar(source, { ...options, sparse: true })) {
    const checked = layerEntry(entry);
    if (checked !== undefined) yield checked;
  }
}

function layerEntry(entry: TarEntry): LayerEntry | undefined {
  const path = cleanLayerPath(entry.name);
  const { parent, name } = splitLayerPath(path);
  const { mode, uid, gid, mtimeNs, size } = entry;
  const common = { mode, uid, gid, mtimeNs, xattrs: new Map<string, Uint8Array>() };
  if (name === OPAQUE && !isMarked(parent)) return { ...common, path: parent, kind: 'opaque', size: 0 };
  if (path.split('/').some((part) => part.startsWith(WHITEOUT_META))) return undefined;
  if (isMarked(parent)) throw invalid(path, 'has an entry inside a whiteout');
  if (name.startsWith(WHITEOUT)) return { ...common, path: hiddenPath(path, parent, name), kind: 'whiteout', size: 0 };
  if (path === '.' && entry.type !== 'directory') throw invalid(path, 'has a root that is not a directory');
  const xattrs = checkedXattrs(path, entry.xattrs);
  switch (entry.type) {
    case 'file':
      return { ...common, xattrs, path, kind: 'file', size, content: entry.content };
    case 'directory':
    case 'fifo':
      return { ...common, xattrs, path, kind: entry.type, size: 0 };
    case 'symlink':
      return { ...common, xattrs, path, kind: 'symlink', size: 0, linkTarget: symlinkTarget(path, entry.linkName) };
    case 'hardlink':
      return { ...common, xattrs, path, kind: 'hardlink', size: 0, linkTarget: hardlinkTarget(path, entry.linkName) };
    case 'char':
    case 'block':
      return { ...common, xattrs, path, kind: entry.type, size: 0, major: entry.major, minor: entry.minor };
  }
}

function isMarked(path: string): boolean {
  return path.split('/').some((part) => part.startsWith(WHITEOUT));
}

/** `.wh.` could hide `.` or `..`, and with them more than a name in this directory. */
function hiddenPath(path: string, parent: string, marker: string): string {
  const name = marker.slice(WHITEOUT.length);
  if (name === '..' || name === '.') {
    throw new ShiplogError('ARCHIVE_ESCAPES', `the archive has a whiteout of ${name}: ${path}`, { path });
  }
  if (name === '') throw invalid(path, 'has a whiteout of nothing');
  return joinLayerPath(parent, name);
}

function symlinkTarget(path: string, target: string): string {
  if (target === '') throw invalid(path, 'has a symlink without a target');
  if (Buffer.byteLength(target) > SYMLINK_LIMIT_BYTES) throw invalid(path, 'has a symlink whose target is too long');
  return target;
}

function hardlinkTarget(path: string, target: string): string {
  const clean = cleanLayerPath(target);
  if (clean === '.' || clean === path || isMarked(clean)) throw invalid(path, `has a hard link to ${JSON.stringify(target)}`);
  return clean;
}

function checkedXattrs(path: string, xattrs: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  if (xattrs.size === 0) return xattrs;
  const kept = new Map<string, Uint8Array>();
  for (const [name, value] of xattrs) {
    if (name.startsWith('trusted.')) continue;
    if (
      name === '' ||
      name.includes('\0') ||
      Buffer.byteLength(name) > XATTR_NAME_LIMIT_BYTES ||
      value.byteLength > XATTR_VALUE_LIMIT_BYTES
    ) {
      throw invalid(path, 'has an impossible extended attribute');
    }
    // The reader's buffer goes on to hold other bytes of the archive alive.
    kept.set(name, Uint8Array.from(value));
  }
  return kept;
}

function invalid(path: string, how: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the archive ${how}: ${JSON.stringify(path)}`, { path });
}
