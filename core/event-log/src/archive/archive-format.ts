import { crc32 } from 'node:zlib';
import { BODY, checkFrame, FrameError, sealFrame } from '../stored/frame.ts';

/** Some segments of an archive, compressed together (zstd, RFC 8878): what reading one event decompresses. */
export interface Block {
  /** Position of the first event. */
  readonly first: number;
  /** Where in the file the compressed bytes are. */
  readonly offset: number;
  readonly size: number;
  readonly crc: number;
}

/** What stands at the end of an archive. `last`: position of its last event. */
export interface ArchiveIndex {
  readonly last: number;
  readonly blocks: readonly Block[];
}

/** The end of the file: the size of the index before it, and what tells an archive from other files. */
export const TRAILER_BYTES = 12;

const MAGIC = Buffer.from('shiplog1');
const HEAD = BODY + 10;
const ENTRY = 20;

/** Index and trailer: version, CRC-32, last position, count; then position, offset, size and CRC-32 of each block. */
export function encodeIndex({ last, blocks }: ArchiveIndex): Buffer {
  const index = Buffer.alloc(HEAD + blocks.length * ENTRY);
  index.writeUIntBE(last, BODY, 6);
  index.writeUInt32BE(blocks.length, BODY + 6);
  for (const [number, { first, offset, size, crc }] of blocks.entries()) {
    const at = HEAD + number * ENTRY;
    index.writeUIntBE(first, at, 6);
    index.writeUIntBE(offset, at + 6, 6);
    index.writeUInt32BE(size, at + 12);
    index.writeUInt32BE(crc, at + 16);
  }
  sealFrame(index);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32BE(index.length);
  MAGIC.copy(trailer, 4);
  return Buffer.concat([index, trailer]);
}

/** Size of the index, from a file's trailer. Throws FrameError if it is no archive's. */
export function decodeTrailer(trailer: Buffer): number {
  if (trailer.length !== TRAILER_BYTES || !trailer.subarray(4).equals(MAGIC)) throw new FrameError('the file is no archive, or was cut');
  return trailer.readUInt32BE();
}

/** Throws FrameError unless these are the bytes of an index whose blocks lie one behind the other before `end`, in order. */
export function decodeIndex(bytes: Buffer, end: number): ArchiveIndex {
  checkFrame(bytes, HEAD);
  const count = bytes.readUInt32BE(BODY + 6);
  if (bytes.length !== HEAD + count * ENTRY) throw new FrameError(`an index of ${count} blocks does not have ${bytes.length} bytes`);
  const blocks: Block[] = [];
  let [offset, before] = [0, -1];
  for (let at = HEAD; at < bytes.length; at += ENTRY) {
    const block = {
      first: bytes.readUIntBE(at, 6),
      offset: bytes.readUIntBE(at + 6, 6),
      size: bytes.readUInt32BE(at + 12),
      crc: bytes.readUInt32BE(at + 16),
    };
    if (block.offset !== offset || block.first <= before) throw new FrameError('blocks of the archive are out of order');
    offset += block.size;
    before = block.first;
    blocks.push(block);
  }
  if (offset !== end) throw new FrameError('blocks of the archive do not fill it');
  return { last: bytes.readUIntBE(BODY, 6), blocks };
}

/** Segments as one block holds them before it is compressed: length and bytes of each. */
export function joinSegments(segments: readonly Buffer[]): Buffer {
  return Buffer.concat(
    segments.flatMap((segment) => {
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32BE(segment.length);
      return [length, segment];
    }),
  );
}

/** What {@link joinSegments} joined. Throws FrameError when lengths do not add up. */
export function splitSegments(bytes: Buffer): Buffer[] {
  const segments: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new FrameError('a block of the archive was cut');
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new FrameError('a segment reaches beyond its block of the archive');
    segments.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return segments;
}

export function checksumOf(block: Buffer): number {
  return crc32(block);
}
