import {
  type CheckedCheckpoint,
  type CompleteTile,
  HASH_BYTES,
  leafHash,
  openCheckpoint,
  parseBundle,
  TILE_WIDTH,
  tilePath,
  TlogError,
  TreeEdge,
  type Trust,
  witnessedBy,
} from '@shiplog/tlog';
import { checkLarge, digestIn } from './large-entry.ts';
import { openTiles } from './mirror.ts';
import type { TlogDirectory } from './tlog-directory.ts';

/**
 * Checks all of a directory with nothing but public keys: the checkpoint's signatures, that its entries lead to the signed root, that every tile
 * has the hashes it should have, and that data of large entries is there. Throws TlogError: `malformed`, `mismatch`, or `missing`.
 */
export async function checkDirectory(
  directory: TlogDirectory,
  trust: Trust,
  progress: (entries: number, total: number) => void = () => undefined,
): Promise<CheckedCheckpoint> {
  const text = await directory.checkpoint();
  if (text === undefined) throw new TlogError('missing', `there is no checkpoint in ${directory.path}`);
  const opened = openCheckpoint(text, trust.log, trust.witnesses);
  const checkpoint = witnessedBy(opened, trust);
  const edge = new TreeEdge();
  for (let index = 0; index * TILE_WIDTH < opened.size; index++) {
    const width = Math.min(TILE_WIDTH, opened.size - index * TILE_WIDTH);
    const stored = await directory.tile({ level: 'entries', index, width });
    const entries = parseBundle(stored.bytes);
    if (entries.length !== stored.width)
      throw new TlogError('malformed', `bundle ${index} has ${entries.length} entries, not ${stored.width}`);
    const completed: CompleteTile[] = [];
    for (const entry of entries.slice(0, width)) {
      const digest = digestIn(entry);
      if (digest !== undefined) checkLarge(entry, await directory.large(digest), edge.size);
      edge.append(leafHash(entry), (tile) => completed.push(tile));
    }
    for (const { level, index: at, bytes } of completed) await sameTile(directory, level, at, bytes);
    progress(edge.size, opened.size);
  }
  for (const { level, index, hashes } of openTiles(edge)) await sameTile(directory, level, index, hashes);
  if (edge.root() !== opened.root) throw new TlogError('mismatch', 'the entries do not lead to the root that was signed');
  return checkpoint;
}

async function sameTile(directory: TlogDirectory, level: number, index: number, hashes: Buffer): Promise<void> {
  const id = { level, index, width: hashes.length / HASH_BYTES };
  const { bytes, width } = await directory.tile(id);
  if (bytes.length !== width * HASH_BYTES || !bytes.subarray(0, hashes.length).equals(hashes))
    throw new TlogError('mismatch', `${tilePath(id)} does not have the hashes of its entries`);
}
