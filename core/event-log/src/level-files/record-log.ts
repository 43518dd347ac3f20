import { ByteReader, FileDamageError, maskedCrc } from './bytes.ts';

/** Records are cut at multiples of this (LevelDB, doc/log_format.md). */
const BLOCK = 32_768;
const HEADER = 7;
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];

/**
 * The records of a write-ahead log or a manifest (LevelDB, doc/log_format.md). Those that are damaged are passed over; whoever
 * knows what must be there finds out. Throws nothing.
 */
export function* recordsOf(file: Buffer): Generator<Buffer, void, undefined> {
  let parts: Buffer[] | undefined;
  for (let block = 0; block < file.length; block += BLOCK) {
    const bytes = file.subarray(block, block + BLOCK);
    for (let at = 0; at + HEADER <= bytes.length;) {
      const length = bytes.readUInt16LE(at + 4);
      const type = bytes[at + 6] ?? 0;
      const end = at + HEADER + length;
      if (end > bytes.length || type === 0 || bytes.readUInt32LE(at) !== maskedCrc(bytes.subarray(at + 6, end))) {
        // What follows in this block cannot be told from noise.
        parts = undefined;
        break;
      }
      const payload = bytes.subarray(at + HEADER, end);
      if (type === FULL) yield payload;
      else if (type === FIRST) parts = [payload];
      else if (type === MIDDLE) parts?.push(payload);
      else if (type === LAST && parts !== undefined) yield Buffer.concat([...parts, payload]);
      if (type === FULL || type === LAST) parts = undefined;
      at = end;
    }
  }
}

/** A value that is in the database, or the lack of one. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** What a record of a write-ahead log puts and deletes, in order. Throws FileDamageError. */
export function* writesOf(record: Buffer): Generator<Entry, void, undefined> {
  const reader = new ByteReader(record, 8);
  for (let left = reader.uint32(); left > 0; left--) {
    const type = reader.take(1)[0];
    const key = reader.slice().toString('utf8');
    if (type === 1) yield { key, value: reader.slice() };
    else if (type === 0) yield { key, value: undefined };
    else throw new FileDamageError(`an unknown kind of write ${type}`);
  }
}
