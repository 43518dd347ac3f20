import { joinLayerPath, splitLayerPath } from './layer-path.ts';
import type { TarEntryInput } from './tar-writer.ts';

/** What begins the name of an entry that deletes, in a layer: the rest is what is deleted (image-spec, layer.md). */
export const WHITEOUT = '.wh.';

/** The entry by which a layer deletes `path` (clean and relative) of the ones below, with all beneath it. */
export function whiteoutOf(path: string): TarEntryInput {
  const { parent, name } = splitLayerPath(path);
  const nothing = {
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeNs: 0n,
    size: 0,
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: new Map<string, Uint8Array>(),
  };
  return { ...nothing, type: 'file', name: joinLayerPath(parent, `${WHITEOUT}${name}`) };
}
