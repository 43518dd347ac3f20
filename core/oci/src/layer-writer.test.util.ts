import { joinLayerPath } from './layer-path.ts';
import type { LayerEntry } from './layer-reader.ts';
import { type TarEntryInput, writeTar } from './tar-writer.ts';
import { whiteoutOf } from './whiteout.ts';

/**
 * Writes entries as a layer: the inverse of {@link readLayer}. Whiteouts become `.wh.` files. The same entries give the same bytes.
 *
 * Throws ARCHIVE_INVALID when a file's content is not as long as its size.
 */
export function writeLayer(entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>): AsyncIterable<Uint8Array> {
  return writeTar(tarEntries(entries));
}

async function* tarEntries(entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>): AsyncGenerator<TarEntryInput, void, undefined> {
  for await (const entry of entries) yield tarEntry(entry);
}

function tarEntry(entry: LayerEntry): TarEntryInput {
  const { mode, uid, gid, mtimeNs, xattrs } = entry;
  const common = { mode, uid, gid, mtimeNs, xattrs, size: 0, linkName: '', major: 0, minor: 0 };
  switch (entry.kind) {
    case 'whiteout':
      return { ...whiteoutOf(entry.path), ...common };
    case 'opaque':
      return { ...common, type: 'file', name: joinLayerPath(entry.path, '.wh..wh..opq') };
    case 'file':
      return {
        ...common,
        type: 'file',
        name: entry.path,
        size: entry.size,
        ...(entry.content === undefined ? {} : { content: entry.content }),
      };
    case 'directory':
      return { ...common, type: 'directory', name: entry.path === '.' ? './' : `${entry.path}/` };
    case 'symlink':
    case 'hardlink':
      return { ...common, type: entry.kind, name: entry.path, linkName: entry.linkTarget ?? '' };
    case 'char':
    case 'block':
      return { ...common, type: entry.kind, name: entry.path, major: entry.major ?? 0, minor: entry.minor ?? 0 };
    case 'fifo':
      return { ...common, type: 'fifo', name: entry.path };
  }
}
