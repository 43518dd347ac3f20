import {
  type CompleteTile,
  encodeBundle,
  entryOf,
  HASH_BYTES,
  hashOf,
  leafHash,
  openCheckpoint,
  parseBundle,
  type SignedCheckpoint,
  TILE_WIDTH,
  type TileId,
  tilePath,
  TlogError,
  TreeEdge,
  type Verifier,
} from '@shiplog/tlog';
import { checkLarge, digestIn } from './large-entry.ts';
import type { TlogDirectory } from './tlog-directory.ts';

/** Where a log is mirrored from: an engine or a web server. */
export interface TlogSource {
  /** The newest checkpoint. */
  checkpoint(): Promise<string>;
  /** What stands at a path of C2SP tlog-tiles, such as `tile/entries/000.p/17`. Throws an error with the code LOG_PRUNED where part of it is gone for good. */
  resource(path: string): Promise<Buffer>;
  /** The data of one entry: of one that is too large for a bundle, or that shares its bundle with some that are gone. */
  data(index: number): Promise<Buffer>;
}

export interface Mirrored {
  readonly checkpoint: SignedCheckpoint;
  /** Entries that were there before, and that came now. */
  readonly before: number;
  readonly added: number;
}

type Bundle = TileId & { readonly level: 'entries' };

/** Bundles fetched ahead. */
const AHEAD = 8;

/**
 * Brings a directory up to a log's newest checkpoint; what is there already is not fetched again. Everything is hashed as it comes, and the
 * checkpoint is written only if the tree leads to its root: so the directory stays what it was if the source lies, is cut off, or has
 * another history. May be repeated and interrupted. Throws TlogError, and what source and disk throw.
 */
export async function mirror(
  source: TlogSource,
  directory: TlogDirectory,
  log: readonly Verifier[],
  progress: (entries: number, total: number) => void = () => undefined,
): Promise<Mirrored> {
  const [text, kept] = await Promise.all([source.checkpoint(), directory.checkpoint()]);
  const checkpoint = openCheckpoint(text, log);
  const old = kept === undefined ? undefined : openCheckpoint(kept, log);
  const before = old?.size ?? 0;
  if (old !== undefined && old.origin !== checkpoint.origin)
    throw new TlogError('mismatch', `${directory.path} has the log ${old.origin}, not ${checkpoint.origin}; give another directory`);
  if (before > checkpoint.size)
    throw new TlogError(
      'mismatch',
      `the log has ${checkpoint.size} entries, and ${directory.path} has ${before} of it: the log was cut, or is an older copy`,
    );
  const edge = await directory.edge(before);
  if (old !== undefined && edge.root() !== old.root)
    throw new TlogError('mismatch', `tiles in ${directory.path} are damaged; mirror into a new directory`);

  const first = Math.floor(before / TILE_WIDTH);
  const count = Math.ceil(checkpoint.size / TILE_WIDTH) - first;
  const widthOf = (index: number): number => Math.min(TILE_WIDTH, checkpoint.size - index * TILE_WIDTH);
  const fetch = async (index: number): Promise<Buffer> => {
    const id = { level: 'entries', index, width: widthOf(index) } as const;
    try {
      return await source.resource(tilePath(id));
    } catch (error) {
      if (before <= index * TILE_WIDTH || (error as { readonly code?: unknown }).code !== 'LOG_PRUNED') throw error;
      return continued(source, directory, before, id);
    }
  };
  for await (const [at, bundle] of ahead(before === checkpoint.size ? 0 : count, (at) => fetch(first + at))) {
    const index = first + at;
    await take(source, directory, edge, { index, width: widthOf(index), bundle });
    progress(Math.min((index + 1) * TILE_WIDTH, checkpoint.size) - before, checkpoint.size - before);
  }
  if (edge.root() !== checkpoint.root)
    throw new TlogError(
      'mismatch',
      `the entries do not lead to the root that ${checkpoint.origin} signed: its history is not the one mirrored before`,
    );
  for (const { level, index, hashes } of openTiles(edge))
    await directory.writeTile({ level, index, width: hashes.length / HASH_BYTES }, hashes);
  await directory.writeCheckpoint(text);
  return { checkpoint, before, added: checkpoint.size - before };
}

/** A bundle whose first entries are gone at the source and here: these, and one by one those that are new. */
async function continued(source: TlogSource, directory: TlogDirectory, before: number, id: Bundle): Promise<Buffer> {
  const first = id.index * TILE_WIDTH;
  const known = before - first;
  const entries: Uint8Array[] = parseBundle((await directory.tile({ ...id, width: known })).bytes).slice(0, known);
  for (let index = before; index < first + id.width; index++) entries.push(entryOf(await source.data(index)));
  return encodeBundle(entries);
}

/** Takes one bundle: its first entries may be here already, and must then be the same. */
async function take(
  source: TlogSource,
  directory: TlogDirectory,
  edge: TreeEdge,
  { index, width, bundle }: { readonly index: number; readonly width: number; readonly bundle: Buffer },
): Promise<void> {
  const entries = parseBundle(bundle);
  if (entries.length !== width) throw new TlogError('malformed', `bundle ${index} has ${entries.length} entries, not ${width}`);
  const known = edge.size - index * TILE_WIDTH;
  const before = edge.open(0, known);
  const completed: CompleteTile[] = [];
  for (const [at, entry] of entries.entries()) {
    const leaf = leafHash(entry);
    if (at < known) {
      if (leaf === hashOf(before, at * HASH_BYTES)) continue;
      throw new TlogError('mismatch', `entry ${index * TILE_WIDTH + at} is not the one mirrored before`);
    }
    const digest = digestIn(entry);
    if (digest !== undefined) {
      const data = await source.data(edge.size);
      checkLarge(entry, data, edge.size);
      await directory.writeLarge(digest, data);
    }
    edge.append(leaf, (tile) => completed.push(tile));
  }
  await directory.writeTile({ level: 'entries', index, width }, bundle);
  for (const tile of completed) await directory.writeTile({ level: tile.level, index: tile.index, width: TILE_WIDTH }, tile.bytes);
}

/** Tiles at the right edge that are not full. */
export function* openTiles(edge: TreeEdge): Generator<{ readonly level: number; readonly index: number; readonly hashes: Buffer }> {
  for (let level = 0; TILE_WIDTH ** level <= edge.size; level++) {
    const all = Math.floor(edge.size / TILE_WIDTH ** level);
    if (all % TILE_WIDTH > 0) yield { level, index: Math.floor(all / TILE_WIDTH), hashes: edge.open(level, all % TILE_WIDTH) };
  }
}

/** Results in order, of which a few are asked for ahead. */
async function* ahead<T>(count: number, ask: (at: number) => Promise<T>): AsyncGenerator<readonly [number, T]> {
  const asked: Promise<T>[] = [];
  try {
    for (let at = 0; at < count; at++) {
      while (asked.length < AHEAD && at + asked.length < count) {
        const asking = ask(at + asked.length);
        // Its failure counts when its turn comes.
        asking.catch(() => undefined);
        asked.push(asking);
      }
      const next = asked.shift();
      if (next !== undefined) yield [at, await next];
    }
  } finally {
    // Of what was asked for and is not wanted any more, failures concern nobody.
    await Promise.allSettled(asked);
  }
}
