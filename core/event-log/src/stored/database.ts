import type { AbstractLevel } from 'abstract-level';

/** Any abstract-level database that stores keys as text and values as bytes. The log must have it for itself. */
export type LogDatabase = AbstractLevel<string | Buffer | Uint8Array, string, string>;

/** How keys and values are handed over, whatever the database's own defaults are. */
export const ENCODING = { keyEncoding: 'utf8', valueEncoding: 'buffer' } as const;

/** Every write of the log: resolves after fsync. Unsynced writes would leave holes after power loss. */
export const SYNCED = { sync: true } as const;

/** What a write does to one key. */
export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: string };

/** Writes to an open log's database, all or nothing, and resolves when that is durable. */
export type Write = (operations: readonly Operation[]) => Promise<void>;

/** Key of the mark that every batch of segments carries along. */
export const HEAD_KEY = 'head';

const DIGITS = 16;

/** Key of the segment that begins at a position. Keys sort as positions do. */
export function segmentKey(first: number): string {
  return `s${String(first).padStart(DIGITS, '0')}`;
}

/** The position a segment's key names, or undefined if it is not such a key. */
export function segmentPosition(key: string): number | undefined {
  return /^s\d{16}$/.test(key) ? Number(key.slice(1)) : undefined;
}

/** After all segment keys. */
export const SEGMENTS_END = 's:';

/** Key of a complete tile of the tree. */
export function tileKey(level: number, index: number): string {
  return `t${level}/${String(index).padStart(DIGITS, '0')}`;
}
