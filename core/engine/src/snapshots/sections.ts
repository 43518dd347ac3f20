import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/*
 * A snapshot's bytes:
 *
 *   0   length of the table   4 bytes, big-endian
 *   4   table                 JSON: a header, and the length of each section
 *   …   sections              each a JSON text compressed on its own (zstd, RFC 8878), so that one can be read without the others
 */
const TABLE_LENGTH = 4;

/** One section, ready to be stored. */
export function packSection(content: unknown): Buffer {
  return zstdCompressSync(JSON.stringify(content));
}

/** Sections behind their header. */
export function joinSections(header: object, sections: readonly Buffer[]): Buffer {
  const table = Buffer.from(JSON.stringify({ header, lengths: sections.map(({ length }) => length) }));
  const length = Buffer.alloc(TABLE_LENGTH);
  length.writeUInt32BE(table.length);
  return Buffer.concat([length, table, ...sections]);
}

/** What {@link joinSections} made. The caller knows what is in it: the bytes are checked by the store. */
export class Sections<Header> {
  readonly header: Header;
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #ends: readonly number[];

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = TABLE_LENGTH + this.#bytes.readUInt32BE(0);
    const table: { readonly header: Header; readonly lengths: readonly number[] } = JSON.parse(
      this.#bytes.toString('utf8', TABLE_LENGTH, start),
    );
    this.header = table.header;
    this.count = table.lengths.length;
    let end = start;
    this.#ends = [start, ...table.lengths.map((length) => (end += length))];
  }

  /** A section's content, parsed anew by each call. */
  read<T>(index: number): T {
    return JSON.parse(zstdDecompressSync(this.#bytes.subarray(this.#ends[index], this.#ends[index + 1])).toString()) as T;
  }
}
