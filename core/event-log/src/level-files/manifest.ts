import { ByteReader, FileDamageError } from './bytes.ts';
import { recordsOf } from './record-log.ts';

/** A table that belongs to the database now. */
export interface TableFile {
  readonly number: number;
  readonly size: number;
  /** Keys of its first and last entry. */
  readonly smallest: string;
  readonly largest: string;
}

/** Which files belong to a database (LevelDB, db/version_edit.cc). */
export interface Manifest {
  readonly tables: readonly TableFile[];
  /** Write-ahead logs from this number on hold what is in no table yet. */
  readonly firstLog: number;
}

const [COMPARATOR, LOG_NUMBER, NEXT_FILE, LAST_SEQUENCE, COMPACT_POINTER, DELETED_FILE, NEW_FILE, PREVIOUS_LOG] = [1, 2, 3, 4, 5, 6, 7, 9];

/** Throws FileDamageError. */
export function readManifest(file: Buffer): Manifest {
  const tables = new Map<number, TableFile>();
  let firstLog = 0;
  for (const record of recordsOf(file)) {
    const reader = new ByteReader(record);
    while (reader.left > 0) {
      const tag = reader.varint();
      switch (tag) {
        case COMPARATOR:
          reader.slice();
          break;
        case LOG_NUMBER:
          firstLog = reader.varint();
          break;
        case NEXT_FILE:
        case LAST_SEQUENCE:
        case PREVIOUS_LOG:
          reader.varint();
          break;
        case COMPACT_POINTER:
          reader.varint();
          reader.slice();
          break;
        case DELETED_FILE:
          reader.varint();
          tables.delete(reader.varint());
          break;
        case NEW_FILE: {
          reader.varint();
          const number = reader.varint();
          const size = reader.varint();
          tables.set(number, { number, size, smallest: userKey(reader.slice()), largest: userKey(reader.slice()) });
          break;
        }
        default:
          throw new FileDamageError(`an unknown edit ${tag}`);
      }
    }
  }
  return { tables: [...tables.values()], firstLog };
}

/** A stored key without the sequence number and the kind of write behind it. */
export function userKey(internal: Buffer): string {
  return internal.toString('utf8', 0, Math.max(0, internal.length - 8));
}
