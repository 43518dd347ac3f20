import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/*
 * A snapshot's bytes:
 *
 *   0   length of the table   4 bytes, big-endian
 *   4   table                 JSON: a header, and of each section the length of its text and the length it is stored in
 *   …   sections              each a JSON text by itself, so that one can be read without the others; compressed (zstd, RFC 8878)
 *                             where that makes it shorter than its text
 */
const TABLE_LENGTH = 4;
/** Shorter texts are not worth a decompressor: making one costs more time and memory than reading what it would save. */
const COMPRESSED_FROM = 2048;

/** One section, ready to be stored. */
export interface Packed {
  readonly bytes: Buffer;
  /** Bytes of its text. */
  readonly size: number;
}

interface Table<Header> {
  readonly header: Header;
  readonly sizes: readonly number[];
  readonly lengths: readonly number[];
}

export function packSection(content: unknown): Packed {
  const text = Buffer.from(JSON.stringify(content));
  const compressed = text.length < COMPRESSED_FROM ? text : zstdCompressSync(text);
  return { bytes: compressed.length < text.length ? compressed : text, size: text.length };
}

/** Sections behind their header. */
export function joinSections(header: object, sections: readonly Packed[]): Buffer {
  const lengths = sections.map(({ bytes }) => bytes.length);
  const table = Buffer.from(JSON.stringify({ header, sizes: sections.map(({ size }) => size), lengths }));
  const length = Buffer.alloc(TABLE_LENGTH);
  length.writeUInt32BE(table.length);
  return Buffer.concat([length, table, ...sections.map(({ bytes }) => bytes)]);
}

/** What {@link joinSections} made. The caller knows what is in it: the bytes are checked by the store. */
export class Sections<Header> {
  readonly header: Header;
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #sizes: readonly number[];
  readonly #ends: readonly number[];

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = TABLE_LENGTH + this.#bytes.readUInt32BE(0);
    const table: Table<Header> = JSON.parse(this.#bytes.toString('utf8', TABLE_LENGTH, start));
    this.header = table.header;
    this.#sizes = table.sizes;
    this.count = table.lengths.length;
    let end = start;
    this.#ends = [start, ...table.lengths.map((length) => (end += length))];
  }

  /** A section's content, parsed anew by each call. */
  read<T>(index: number): T {
    const stored = this.#bytes.subarray(this.#ends[index], this.#ends[index + 1]);
    const size = this.#sizes[index] ?? 0;
    // One byte more than needed: a full buffer would be followed by another.
    const text = stored.length === size ? stored : zstdDecompressSync(stored, { chunkSize: Math.max(64, size + 1) });
    return JSON.parse(text.toString()) as T;
  }
}
