import { joinLayerPath, splitLayerPath } from './layer-path.ts';
import { PLAIN_ENTRY } from './tar-file.ts';
import type { TarEntryInput } from './tar-writer.ts';

/** What begins the name of an entry that deletes, in a layer: the rest is what is deleted (image-spec, layer.md). */
export const WHITEOUT = '.wh.';

/** The entry by which a layer deletes `path` (clean and relative) of the ones below, with all beneath it. */
export function whiteoutOf(path: string): TarEntryInput {
  const { parent, name } = splitLayerPath(path);
  return { ...PLAIN_ENTRY, mode: 0, name: joinLayerPath(parent, `${WHITEOUT}${name}`) };
}
