import { hash } from 'node:crypto';
import { type Hash, leafHash } from './hash.ts';
import { TlogError } from './tlog-error.ts';

/** Bytes of the largest entry: entry bundles count in 16 bits (C2SP tlog-tiles). */
export const MAX_ENTRY_BYTES = 65_535;

/**
 * The entry that stands for `data` in a log. Data of up to 65,535 bytes is its own entry. Of more, the entry is its digest:
 *
 *     digest-entry/v1
 *     sha256 <64 hex digits>
 *     size <bytes, decimal>
 *
 * with a newline after each line. So every bundle can be served and checked by any tool that knows C2SP's formats, and who has
 * the data can still prove all of it. A log whose data could itself begin so would be ambiguous; JSON cannot.
 */
export function entryOf(data: Uint8Array): Uint8Array {
  if (data.length <= MAX_ENTRY_BYTES) return data;
  return Buffer.from(`digest-entry/v1\nsha256 ${hash('sha256', data, 'hex')}\nsize ${data.length}\n`);
}

/** Leaf hash of the entry that stands for `bytes[from, to)`. */
export function entryHash(bytes: Uint8Array, from = 0, to = bytes.length): Hash {
  if (to - from <= MAX_ENTRY_BYTES) return leafHash(bytes, from, to);
  return leafHash(entryOf(bytes.subarray(from, to)));
}

/** Most entries of a bundle, and hashes of a tile. */
export const TILE_WIDTH = 256;

/** An entry bundle: each entry behind its length in two bytes, big-endian. Throws RangeError for more than 256 or a larger one. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  if (entries.length > TILE_WIDTH) throw new RangeError(`a bundle has at most ${TILE_WIDTH} entries, not ${entries.length}`);
  const bundle = Buffer.allocUnsafe(entries.reduce((size, entry) => size + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry has at most ${MAX_ENTRY_BYTES} bytes, not ${entry.length}`);
    at = bundle.writeUInt16BE(entry.length, at);
    bundle.set(entry, at);
    at += entry.length;
  }
  return bundle;
}

/** The entries of a bundle, as views of it. Throws TlogError if it is cut, or has none or more than 256. */
export function parseBundle(bundle: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.length);
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const from = at + 2;
    at = from > bytes.length ? from : from + bytes.readUInt16BE(at);
    if (at > bytes.length) throw new TlogError('malformed', `an entry bundle ends amid its entry ${entries.length}`);
    entries.push(bytes.subarray(from, at));
    if (entries.length > TILE_WIDTH) throw new TlogError('malformed', `an entry bundle has more than ${TILE_WIDTH} entries`);
  }
  if (entries.length === 0) throw new TlogError('malformed', 'an entry bundle is empty');
  return entries;
}
