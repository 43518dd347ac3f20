import { uncompress } from 'snappyjs';
import { ByteReader, FileDamageError, maskedCrc } from './bytes.ts';
import { type TableFile, userKey } from './manifest.ts';
import type { Entry } from './record-log.ts';

const FOOTER = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
/** After each block: how it is compressed, and a checksum. */
const TRAILER = 5;
const [PLAIN, SNAPPY] = [0, 1];
/** The lowest byte of a key's last eight: a value, and not the lack of one. */
const VALUE = 1;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** A part of a table that cannot be trusted: what has keys from `from` to `to`. */
export interface TableDamage {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/**
 * Reads a table (LevelDB, doc/table_format.md) and checks every checksum in it, which LevelDB itself does not do: it takes damaged bytes
 * for keys and values, or ends the process. Entries of whole blocks go to `entry`. Answers with the parts that are damaged.
 */
export function readTable(file: Buffer, { size, smallest, largest }: TableFile, entry?: (entry: Entry) => void): readonly TableDamage[] {
  const damage: TableDamage[] = [];
  const everything = (error: unknown): TableDamage => ({ from: smallest, to: largest, reason: reasonOf(error) });
  let index: readonly (readonly [key: Buffer, value: Buffer])[];
  let meta: Handle;
  try {
    if (file.length !== size) throw new FileDamageError(`${file.length} bytes instead of ${size}`);
    const footer = file.subarray(file.length - FOOTER);
    if (!footer.subarray(FOOTER - MAGIC.length).equals(MAGIC)) throw new FileDamageError('no footer');
    const handles = new ByteReader(footer);
    meta = handleOf(handles);
    index = entriesOf(blockAt(file, handleOf(handles)));
  } catch (error) {
    return [everything(error)];
  }
  try {
    for (const [, filter] of entriesOf(blockAt(file, meta))) blockAt(file, handleOf(new ByteReader(filter)));
  } catch (error) {
    // The filter says which keys are not in the table: a wrong one hides them.
    damage.push(everything(error));
  }
  let from = smallest;
  for (const [key, value] of index) {
    const to = userKey(key);
    try {
      const handle = handleOf(new ByteReader(value));
      // Who only checks need not unpack: a checksum is over what is packed.
      if (entry === undefined) checkedAt(file, handle);
      else {
        for (const [internal, bytes] of entriesOf(blockAt(file, handle))) {
          entry({ key: userKey(internal), value: internal[internal.length - 8] === VALUE ? bytes : undefined });
        }
      }
    } catch (error) {
      damage.push({ from, to: to < largest ? to : largest, reason: reasonOf(error) });
    }
    from = to;
  }
  return damage;
}

function handleOf(reader: ByteReader): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}

/** A block's content. Throws FileDamageError unless its checksum is right. */
function blockAt(file: Buffer, handle: Handle): Buffer {
  const block = checkedAt(file, handle);
  const compression = file[handle.offset + handle.size];
  if (compression === PLAIN) return block;
  if (compression === SNAPPY) return Buffer.from(uncompress(block));
  throw new FileDamageError(`unknown compression ${compression}`);
}

/** A block as it is stored. Throws FileDamageError unless its checksum is right. */
function checkedAt(file: Buffer, { offset, size }: Handle): Buffer {
  const end = offset + size;
  if (end + TRAILER > file.length) throw new FileDamageError('a block that is not in the file');
  if (file.readUInt32LE(end + 1) !== maskedCrc(file.subarray(offset, end + 1)))
    throw new FileDamageError(`checksum does not match at byte ${offset}`);
  return file.subarray(offset, end);
}

/** A block's keys and values. Keys share their beginnings with the ones before. */
function entriesOf(block: Buffer): readonly (readonly [key: Buffer, value: Buffer])[] {
  if (block.length < 4) throw new FileDamageError('a block without an end');
  const end = block.length - 4 - block.readUInt32LE(block.length - 4) * 4;
  const reader = new ByteReader(block.subarray(0, Math.max(0, end)));
  const entries: (readonly [Buffer, Buffer])[] = [];
  let key: Buffer = Buffer.alloc(0);
  while (reader.left > 0) {
    const shared = reader.varint();
    const [own, length] = [reader.varint(), reader.varint()];
    key = Buffer.concat([key.subarray(0, shared), reader.take(own)]);
    entries.push([key, reader.take(length)]);
  }
  return entries;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
