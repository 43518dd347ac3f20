import { ShiplogError } from '@shiplog/contracts';
import type { ByteReader } from './byte-reader.ts';
import type { PaxRecords } from './pax.ts';
import { BLOCK_BYTES, EXTENDED_LIMIT_BYTES, numberOf } from './tar-format.ts';

/** A file of which only parts are stored; all else of it is zeros. */
export interface Sparse {
  /** Bytes of the whole file. */
  readonly size: number;
  /** In ascending order, and as long together as what is stored. */
  readonly segments: readonly { readonly offset: number; readonly length: number }[];
}

/** A file may say that it is as long without a byte of it being there. */
const SIZE_LIMIT_BYTES = 256 * 1024 ** 3;

const ZEROS = new Uint8Array(1024 * 1024);

/** `length` bytes of nothing. */
export function* hole(length: number): Generator<Uint8Array, void, undefined> {
  for (let left = length; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}

/** Whether a chunk of an entry's content is zeros that the archive does not have: who writes a file may leave them out. */
export function isHole(chunk: Uint8Array): boolean {
  return chunk.buffer === ZEROS.buffer;
}

/** Whether an entry has a file in one of GNU's formats for sparse files. */
export function isSparse(flag: string, pax: PaxRecords): boolean {
  return flag === 'S' || pax.keys().some((key) => key.startsWith('GNU.sparse.'));
}

/**
 * Reads where a sparse file has data (GNU tar manual, Sparse Formats: old GNU, PAX 0.1 and 1.0), and what of it lies before the data. `stored` is the size that
 * the header tells. Throws ARCHIVE_INVALID, also for PAX 0.0, which says a key twice.
 */
export async function readSparse(
  reader: ByteReader,
  block: Uint8Array,
  pax: PaxRecords,
  stored: number,
): Promise<{ readonly sparse: Sparse; readonly stored: number }> {
  const value = (key: string): string => Buffer.from(pax.get(`GNU.sparse.${key}`) ?? []).toString('latin1');
  if (block[156] === 0x53) return checked(numberOf(block.subarray(483, 495)), await oldNumbers(reader, block), stored);
  if (value('major') === '1' && value('minor') === '0') {
    const { numbers, bytes } = await leadingNumbers(reader, stored);
    return checked(decimal(value('realsize')), numbers, stored - bytes);
  }
  if (value('major') === '' && value('map') !== '') return checked(decimal(value('size')), value('map').split(',').map(decimal), stored);
  throw invalid('is in a format that is not supported');
}

/** Old GNU: four pairs in the header, and 21 in each block that follows as long as the one before says so. */
async function oldNumbers(reader: ByteReader, header: Uint8Array): Promise<readonly number[]> {
  const numbers: number[] = [];
  const take = (from: Uint8Array): void => {
    for (let at = 0; at < from.length; at += 12) numbers.push(numberOf(from.subarray(at, at + 12)) ?? Number.NaN);
  };
  take(header.subarray(386, 482));
  for (let more = header[482] !== 0, bytes = 0; more; bytes += BLOCK_BYTES) {
    if (bytes >= EXTENDED_LIMIT_BYTES) throw invalid('has too many parts');
    const next = await blockOf(reader);
    take(next.subarray(0, 504));
    more = next[504] !== 0;
  }
  return numbers;
}

/** PAX 1.0: before the data, decimal numbers, each with a newline: how many pairs, and these; filled up to a whole block. */
async function leadingNumbers(
  reader: ByteReader,
  stored: number,
): Promise<{ readonly numbers: readonly number[]; readonly bytes: number }> {
  let text = '';
  for (;;) {
    if (text.length >= Math.min(stored, EXTENDED_LIMIT_BYTES)) throw invalid('has no end to the list of its parts');
    text += Buffer.from(await blockOf(reader)).toString('latin1');
    const lines = text.split('\n').slice(0, -1);
    const count = decimal(lines[0] ?? '');
    if (count !== undefined && lines.length > 2 * count)
      return { numbers: lines.slice(1, 2 * count + 1).map((line) => decimal(line) ?? Number.NaN), bytes: text.length };
    if (lines.length > 0 && count === undefined) throw invalid('has an unreadable list of its parts');
  }
}

async function blockOf(reader: ByteReader): Promise<Uint8Array> {
  const block = await reader.exactly(BLOCK_BYTES);
  if (block.length < BLOCK_BYTES) throw invalid('is cut');
  return block;
}

/** Pairs of offset and length must follow each other, lie in the file, and be as long together as what is stored. */
function checked(
  size: number | undefined,
  numbers: readonly (number | undefined)[],
  stored: number,
): { readonly sparse: Sparse; readonly stored: number } {
  if (size === undefined || size > SIZE_LIMIT_BYTES) throw invalid(`is longer than ${SIZE_LIMIT_BYTES} bytes, or does not say how long`);
  const segments: { readonly offset: number; readonly length: number }[] = [];
  let [end, bytes] = [0, 0];
  for (let at = 0; at < numbers.length; at += 2) {
    const [offset, length] = [numbers[at] ?? Number.NaN, numbers[at + 1] ?? Number.NaN];
    if (length === 0) continue;
    if (!(offset >= end && length > 0 && offset + length <= size)) throw invalid('has parts that overlap or lie outside of it');
    segments.push({ offset, length });
    [end, bytes] = [offset + length, bytes + length];
  }
  if (bytes !== stored) throw invalid('has not as many bytes as its parts have');
  return { sparse: { size, segments }, stored };
}

function decimal(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function invalid(how: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the archive has a sparse file that ${how}`);
}
