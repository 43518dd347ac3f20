import { entryOf, TlogError } from '@shiplog/tlog';

const DIGEST_ENTRY = /^digest-entry\/v1\nsha256 ([0-9a-f]{64})\nsize \d+\n$/;

/** The SHA-256, hex, of the data that an entry stands for; undefined if the entry is the data. */
export function digestIn(entry: Buffer): string | undefined {
  return DIGEST_ENTRY.exec(entry.toString('latin1'))?.[1];
}

/** Throws TlogError unless `entry` stands for `data`. */
export function checkLarge(entry: Buffer, data: Buffer, index: number): void {
  if (!entry.equals(entryOf(data))) throw new TlogError('mismatch', `the data of entry ${index} is not what was logged`);
}
