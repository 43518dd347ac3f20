import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { SealedRange } from '@shiplog/contracts';
import { FrameError } from '../stored/frame.ts';
import { type ArchiveIndex, checksumOf, decodeIndex, decodeTrailer, splitSegments, TRAILER_BYTES } from './archive-format.ts';

const decompress = promisify(zstdDecompress);

/** No block of ours is larger decompressed, with the largest event there may be; a forged one must not fill the memory. */
const MOST_BYTES = 256 * 1024 * 1024;

/** A file of old segments, to be read. Bytes are checked when they are read: FrameError tells of damage. */
export class Archive {
  readonly first: number;
  readonly last: number;
  readonly #file: FileHandle;
  readonly #index: ArchiveIndex;
  /** The block that was read last: who reads in order asks for it again. */
  #recent: { readonly number: number; readonly segments: Promise<Buffer[]> } | undefined;

  private constructor(file: FileHandle, index: ArchiveIndex) {
    this.#file = file;
    this.#index = index;
    this.first = index.blocks[0]?.first ?? 0;
    this.last = index.last;
  }

  /** Opens a file and reads its index. Throws FrameError if it is damaged, or what opening a file throws. */
  static async open(path: string): Promise<Archive> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const start = size - TRAILER_BYTES;
      if (start < 0) throw new FrameError(`the archive was cut to ${size} bytes`);
      const end = start - decodeTrailer(await read(file, start, TRAILER_BYTES));
      if (end < 0) throw new FrameError('the index of the archive is larger than it');
      return new Archive(file, decodeIndex(await read(file, end, start - end), end));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** How many blocks it has. */
  get blocks(): number {
    return this.#index.blocks.length;
  }

  /** Number of the block that holds the event at `seq`, which is in this archive. */
  blockOf(seq: number): number {
    const { blocks } = this.#index;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((blocks[middle]?.first ?? 0) <= seq) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Positions of the events of a block. */
  rangeOf(block: number): SealedRange {
    const { blocks, last } = this.#index;
    return { first: blocks[block]?.first ?? this.first, last: (blocks[block + 1]?.first ?? last + 1) - 1 };
  }

  /** Segments of a block, as they were in the database. */
  block(number: number): Promise<Buffer[]> {
    if (this.#recent?.number !== number) {
      const segments = this.#read(number);
      // Whoever awaits it learns of a failure; kept, it is no unhandled one.
      segments.catch(() => undefined);
      this.#recent = { number, segments };
    }
    return this.#recent.segments;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #read(number: number): Promise<Buffer[]> {
    const block = this.#index.blocks[number];
    if (block === undefined) throw new FrameError(`the archive has no block ${number}`);
    const bytes = await read(this.#file, block.offset, block.size);
    if (checksumOf(bytes) !== block.crc) throw new FrameError(`the checksum of block ${number} of the archive does not match`);
    return splitSegments(await decompress(bytes, { maxOutputLength: MOST_BYTES }));
  }
}

async function read(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, offset);
  if (bytesRead !== size) throw new FrameError('the archive was cut');
  return buffer;
}
